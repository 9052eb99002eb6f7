package main

// doorSentences are the sentences about where pictures come from.
func doorSentences() map[string]sentence {
	return map[string]sentence{
		"manifests":         {"Look after the signed manifests that stripped files are led back to.", "Die signierten Manifeste verwalten, zu denen bereinigte Dateien zurückfinden."},
		"manifests_list":    {"List the manifests that are kept, and what was deleted.", "Die aufbewahrten Manifeste auflisten, und was gelöscht wurde."},
		"manifests_keep":    {"Keep the manifests of assets that were finished before any were kept.", "Die Manifeste von Assets aufbewahren, die vorher fertiggestellt wurden."},
		"manifests_delete":  {"Delete the manifests of an asset, with a record.", "Die Manifeste eines Assets löschen und das vermerken."},
		"flag_older_than":   {"All assets whose manifests have been kept for longer.", "Alle Assets, deren Manifeste länger aufbewahrt wurden."},
		"manifests_kept":    {"%d manifests of %d assets are kept.", "%d Manifeste von %d Assets sind aufbewahrt."},
		"manifests_deleted": {"%d manifests of %d assets were deleted.", "%d Manifeste von %d Assets wurden gelöscht."},
		"manifests_gone":    {"deleted: %d of %s, by %s on %s: %s", "gelöscht: %d von %s, durch %s am %s: %s"},
	}
}
