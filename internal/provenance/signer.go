package provenance

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"unsafe"

	"presswerk/internal/art"
)

// Algorithms are the names of the signature algorithms that C2PA allows, in the library's order.
//
// Source: C2PA 2.3, "Digital signatures"; the order is that of the enumeration in the library's C header.
func Algorithms() []string {
	return []string{"es256", "es384", "es512", "ps256", "ps384", "ps512", "ed25519"}
}

// External signs with a key that lives elsewhere: it gets the bytes to be signed and answers the raw signature, which for
// ECDSA is r and s, one after the other, each as long as the curve's field.
type External func(ctx context.Context, data []byte) (signature []byte, err error)

// signer makes a signer of the library. The caller ends it with done. Why a key that is elsewhere didn't sign stands in failed afterwards.
func (l *Library) signer(ctx context.Context, id *Identity, authority string) (signer uintptr, failed *error, done func(), err error) {
	failed = new(error)
	var at *byte
	if authority != "" {
		at = cString(authority)
	}
	if id.external == nil {
		key, err := id.key()
		if err != nil {
			return 0, nil, nil, err
		}
		info := &signerInfo{cString(id.Algorithm), cString(id.Chain), cString(key), at}
		signer = l.calls.signerFromInfo(unsafe.Pointer(info))
		runtime.KeepAlive(info)
		if signer == 0 {
			return 0, nil, nil, l.failure("loading the signing key")
		}
		return signer, failed, func() { l.calls.free(signer) }, nil
	}
	algorithm := slices.Index(Algorithms(), id.Algorithm)
	if algorithm < 0 {
		return 0, nil, nil, art.Unsupported("algorithm", fmt.Sprintf("C2PA knows no %q", id.Algorithm), "use es256")
	}
	call := l.signing.add(func(data []byte) (signature []byte, err error) {
		signature, *failed = id.external(ctx, data)
		return signature, *failed
	})
	signer = l.calls.signerCreate(call, l.signed, int32(algorithm), id.Chain, unsafe.Pointer(at))
	runtime.KeepAlive(at)
	if signer == 0 {
		l.signing.remove(call)
		return 0, nil, nil, l.failure("introducing the external signer")
	}
	return signer, failed, func() { l.calls.free(signer); l.signing.remove(call) }, nil
}

// signFor signs what the library hands over.
func (l *Library) signFor(call uintptr, data *byte, length uintptr, out *byte, room uintptr) int {
	sign := l.signing.get(call)
	if sign == nil {
		return -1
	}
	signature, err := sign(slices.Clone(unsafe.Slice(data, length)))
	switch {
	case err != nil:
		l.calls.setError("Signature: " + err.Error())
		return -1
	case uintptr(len(signature)) > room:
		l.calls.setError(fmt.Sprintf("Signature: %d bytes where %d have room", len(signature), room))
		return -1
	}
	return copy(unsafe.Slice(out, room), signature)
}
