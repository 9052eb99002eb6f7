package web

import (
	"cmp"
	"net/http"

	"presswerk/internal/art"
	"presswerk/internal/engine"
)

// EngineCard is one engine as its page shows it.
type EngineCard struct {
	Info   engine.Info
	Health engine.Health
	Seen   engine.Figures // requests since the studio was opened
}

// aheadDays is how long before their end models are warned of.
const aheadDays = 90

// detail is what a person should know beside the state: why it isn't ready, or the last thing that went wrong.
func (e EngineCard) detail() string {
	return cmp.Or(e.Health.Detail, e.Info.Reason, e.Seen.LastError)
}

func (s *Studio) enginesPage(w http.ResponseWriter, r *http.Request) {
	engines, radar, err := s.Engines(r.Context())
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.render(w, r, http.StatusOK, enginesView(s.frame(r, "engines"), engines, radar))
}

// shutdowns are the days of all endings.
func shutdowns(r art.Radar) []art.Shutdown {
	all := make([]art.Shutdown, len(r.Endings))
	for i, e := range r.Endings {
		all[i] = e.Shutdown
	}
	return all
}

// successor is what could take a model's place, without suggesting what goes away as well.
func (w words) successor(e art.Ending) string {
	text := e.Instead
	for _, s := range e.Also {
		text += "; " + w.say("also_ends", s.Model, s.Date)
	}
	if e.Lasting != "" && (e.Instead == "" || len(e.Also) > 0) {
		if text != "" {
			text += "; "
		}
		text += w.say("lasting", e.Lasting)
	}
	return cmp.Or(text, w.say("no_successor"))
}
