package provenance

// context makes a C2PA context of settings in JSON. It reaches no network, unless it stamps: by default the library calls addresses that stand
// in a stranger's file, and one setting that is forgotten, or comes with a newer library, must not open that door. The caller
// frees it.
func (l *Library) context(settings string, stamps bool) (c2pa uintptr, err error) {
	s := l.calls.settingsNew()
	defer l.calls.free(s)
	if l.calls.settingsUpdate(s, settings, "json") != 0 {
		return 0, l.failure("reading the C2PA settings")
	}
	b := l.calls.contextBuilderNew()
	if l.calls.contextSetSettings(b, s) != 0 {
		return 0, l.failure("applying the C2PA settings")
	}
	if !stamps {
		r := l.calls.resolverCreate(0, l.asked) // the builder takes it
		if r == 0 || l.calls.contextSetResolver(b, r) != 0 {
			return 0, l.failure("closing the network to the C2PA library")
		}
	}
	if c2pa = l.calls.contextBuild(b); c2pa == 0 {
		return 0, l.failure("making a C2PA context")
	}
	return c2pa, nil
}

// refuse answers the library when it wants to fetch what it was not told to.
func (l *Library) refuse(_, _, _ uintptr) int {
	l.calls.setError("Other: nothing is fetched from the network here")
	return -1
}
