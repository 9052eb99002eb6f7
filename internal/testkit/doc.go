// Package testkit helps tests. It is imported by tests only.
package testkit
