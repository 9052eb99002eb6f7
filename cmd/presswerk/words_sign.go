package main

// signSentences holds the sentences about the signing key.
func signSentences() map[string]sentence {
	return map[string]sentence{
		"sign":          {"Look after the signing key: certificates, encryption, another signer, time stamps.", "Den Signaturschlüssel pflegen: Zertifikate, Verschlüsselung, ein anderer Unterzeichner, Zeitstempel."},
		"sign_show":     {"Say who signs, with which key, and until when.", "Sagen, wer mit welchem Schlüssel signiert, und bis wann."},
		"sign_request":  {"Write a certificate request for an authority.", "Einen Zertifikatsantrag für eine Zertifizierungsstelle schreiben."},
		"sign_install":  {"Sign with the certificates that an authority has issued for this key.", "Mit den Zertifikaten signieren, die eine Zertifizierungsstelle für diesen Schlüssel ausgestellt hat."},
		"sign_external": {"Let a program sign, whose key lies elsewhere: a token, an HSM, a key service.", "Ein Programm signieren lassen, dessen Schlüssel anderswo liegt: ein Token, ein HSM, ein Schlüsseldienst."},
		"sign_lock":     {"Encrypt the signing key with PRESSWERK_SIGNING_PASSPHRASE.", "Den Signaturschlüssel mit PRESSWERK_SIGNING_PASSPHRASE verschlüsseln."},
		"sign_renew":    {"Make a new key with certificates of the workspace's own; what was signed before stays trusted here.", "Einen neuen Schlüssel mit eigenen Zertifikaten des Arbeitsbereichs machen; früher Signiertes bleibt hier vertrauenswürdig."},
		"sign_stamp":    {"Get the time stamps that files are owed.", "Die Zeitstempel holen, die Dateien noch fehlen."},

		"arg_sign_chain":         {"Certificates as PEM, the signer's first.", "Zertifikate als PEM, das des Unterzeichners zuerst."},
		"arg_sign_command":       {"The program and its arguments, behind --. It reads what is to be signed and answers the raw signature.", "Das Programm mit seinen Argumenten, hinter --. Es liest, was zu signieren ist, und antwortet mit der rohen Signatur."},
		"flag_sign_root":         {"The authority's root certificate, where the chain doesn't end with it.", "Das Wurzelzertifikat der Zertifizierungsstelle, wenn die Kette nicht damit endet."},
		"flag_sign_organisation": {"Who signs; by default the workspace's name.", "Wer signiert; sonst der Name des Arbeitsbereichs."},
		"flag_sign_name":         {"Common name in the request.", "Allgemeiner Name im Antrag."},
		"flag_sign_out":          {"Write the request into this file.", "Den Antrag in diese Datei schreiben."},

		"sign_state":     {"%s, certified by %s; %s, key: %s; until %s (%d days)", "%s, zertifiziert von %s; %s, Schlüssel: %s; bis %s (%d Tage)"},
		"sign_authority": {"Time stamps: %s", "Zeitstempel: %s"},
		"sign_ending":    {"The signing certificate ends on %s, in %d days. Renew it with 'presswerk sign renew', or ask your authority: 'presswerk sign request'.", "Das Signaturzertifikat endet am %s, in %d Tagen. Mit „presswerk sign renew“ erneuern, oder bei der Zertifizierungsstelle beantragen: „presswerk sign request“."},
		"sign_stamped":   {"%d assets time-stamped; %d still wait.", "%d Assets mit Zeitstempel versehen; %d warten noch."},
	}
}
