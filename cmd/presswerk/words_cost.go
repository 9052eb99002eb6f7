package main

// costSentences are the sentences about money.
func costSentences() map[string]sentence {
	return map[string]sentence{
		"cost":         {"Show what was spent, and settle what nobody knows.", "Zeigen, was ausgegeben wurde, und klären, was niemand weiß."},
		"cost_show":    {"Show spending, open and unknown calls, and what is left of budgets.", "Ausgaben, offene und ungeklärte Aufrufe und die Reste der Budgets zeigen."},
		"cost_call":    {"Show one call: what was sent, what came back, what was paid.", "Einen Aufruf zeigen: was gesendet wurde, was zurückkam, was bezahlt wurde."},
		"cost_resolve": {"Say what became of a call of which nobody knew.", "Sagen, was aus einem Aufruf geworden ist, von dem es niemand wusste."},

		"arg_call":          {"A call's identity, or the beginning of it.", "Die Kennung eines Aufrufs oder ihr Anfang."},
		"flag_cost_run":     {"Only this run, with each of its calls.", "Nur dieser Lauf, mit jedem seiner Aufrufe."},
		"flag_since":        {"Only from this day on (UTC).", "Nur ab diesem Tag (UTC)."},
		"flag_charged":      {"The service has charged it.", "Der Dienst hat ihn berechnet."},
		"flag_not_charged":  {"The service has not charged it; it may be asked for once more.", "Der Dienst hat ihn nicht berechnet; er darf noch einmal gestellt werden."},
		"flag_amount":       {"What was charged, in the currency of the estimate; else the estimate.", "Was berechnet wurde, in der Währung der Schätzung; sonst die Schätzung."},
		"flag_call_picture": {"The picture that the service made, as it gave it.", "Das Bild, das der Dienst gemacht hat, so wie er es ausgab."},
		"flag_job":          {"The service's name of the job, which will be waited for.", "Die Kennung des Auftrags beim Dienst, auf den dann gewartet wird."},
		"flag_anew":         {"Buy once more what was charged and has no picture.", "Noch einmal kaufen, was berechnet wurde und kein Bild hat."},
		"flag_resolve_by":   {"Who has found it out.", "Wer es herausgefunden hat."},
		"flag_pay":          {"Buy the picture anew where its engine costs something.", "Das Bild neu kaufen, wo seine Maschine etwas kostet."},

		"cost_nothing":      {"Nothing was bought.", "Nichts wurde gekauft."},
		"cost_by_brand":     {"by brand", "nach Marke"},
		"cost_by_run":       {"by run", "nach Lauf"},
		"cost_by_engine":    {"by engine", "nach Maschine"},
		"cost_by_day":       {"by day", "nach Tag"},
		"cost_calls":        {"%d calls", "%d Aufrufe"},
		"cost_workspace":    {"workspace", "Arbeitsbereich"},
		"cost_brand":        {"brand", "Marke"},
		"cost_brief":        {"brief", "Briefing"},
		"cost_per_run":      {"run", "Lauf"},
		"cost_per_day":      {"day", "Tag"},
		"cost_per_month":    {"month", "Monat"},
		"cost_budget":       {"budget of %s per %s: %s %s, spent %s, left %s", "Budget von %s je %s: %s %s, ausgegeben %s, übrig %s"},
		"cost_open":         {"open: call %s to %s is %s since %s, about %s; the next make or serve goes on with it", "offen: Aufruf %s an %s ist %s seit %s, etwa %s; das nächste make oder serve macht damit weiter"},
		"cost_unknown":      {"UNKNOWN: call %s to %s of %s, about %s: %s\n  Look into the account there, then: presswerk cost resolve %s --charged [--picture FILE] or --not-charged, --by NAME", "UNGEKLÄRT: Aufruf %s an %s von %s, etwa %s: %s\n  Im Konto dort nachsehen, dann: presswerk cost resolve %s --charged [--picture DATEI] oder --not-charged, --by NAME"},
		"cost_call_head":    {"%s: %s, model %s, %s, %s %s (%s)", "%s: %s, Modell %s, %s, %s %s (%s)"},
		"cost_call_quote":   {"estimate: %s (%s, %s)", "Schätzung: %s (%s, %s)"},
		"cost_call_sent":    {"sent: %q, %d×%d, seed %d", "gesendet: %q, %d×%d, Seed %d"},
		"cost_call_answer":  {"came back: raw answer without secrets, SHA-256 %s", "kam zurück: rohe Antwort ohne Geheimnisse, SHA-256 %s"},
		"cost_call_picture": {"picture: SHA-256 %s, %d×%d, %s", "Bild: SHA-256 %s, %d×%d, %s"},
		"cost_resolved":     {"Call %s is %s now, %s %s, by the word of %s.", "Aufruf %s ist jetzt %s, %s %s, auf das Wort von %s."},
		"cost_goes_on":      {"%s goes on with the next presswerk make or serve.", "%s geht mit dem nächsten presswerk make oder serve weiter."},
		"plan_money":        {"estimated cost: %.2f %s", "geschätzte Kosten: %.2f %s"},
	}
}
