// Package testkit helps tests. It is imported by tests only.
//
// Native, Tool and Need stand before what a bare machine may lack: a test is then skipped, and under PRESSWERK_ALL=1 it
// fails. Root finds the source tree.
//
//	path := testkit.Native(t, "c2pa/libc2pa_c.so")
//
// Conform checks what every engine promises, and Outcomes what paid calls say of their ends. A Contract holds fakes of
// services and their clients to a description, and a Shelf is where fakes lay what they made. Shop is a service that sells
// pictures and counts what it charges.
//
// Its own tests are about the tree as a whole: who imports whom, as docs/layers.txt allows, and that every package says
// what it is for.
package testkit
