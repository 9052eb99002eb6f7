// Package sheet writes reports of shares as pages that people read: one HTML file in English and one in German, light and dark, with
// nothing to load.
//
//	s, say := sheet.New(lang)
//	s.Title = say("Red team", "Red Team")
//	s.Tables = append(s.Tables, sheet.Table{Title: say("Tricks", "Tricks"), Rates: sheet.Bars(rates)})
//	html, err := s.Write()
//
// A [Rate] is a share with its interval, a [Table] a list of rates or of words. It knows nothing of what is counted.
package sheet
