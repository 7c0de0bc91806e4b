package world

import (
	"slices"
	"time"

	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim"
)

// MaxExposures bounds the spans that a world keeps; later ones are not measured.
const MaxExposures = 100_000

// Exposed is a span in which a code opened a door although it had ended or was withdrawn, as the door itself shows it.
type Exposed struct {
	Device   lock.DeviceID
	Code     lock.CodeID
	From, To time.Time // To zero: it goes on
}

// meter measures exposure by the door, whatever the engine believes. It knows what happened since the world was opened.
type meter struct{ spans []Exposed }

// read notes which entries open the lock at t although the wish for them is over.
func (x *meter) read(j *judge, d *watched, open []sim.Memory, t time.Time) {
	if len(open) == 0 && len(d.exposed) == 0 {
		return
	}
	var still []int
	for _, m := range open {
		w := j.wishes[m.Code]
		if w == nil || w.Left || m.Foreign || m.Ghost || m.Offline != lock.OfflineNone || w.Device == d.Device.ID && w.live(t) || !w.live(t) && j.blank(w, m.PIN) {
			continue
		}
		serves, until := j.inherited(d, w, m, t)
		if serves {
			continue
		}
		i := slices.IndexFunc(d.exposed, func(i int) bool { return x.spans[i].Code == m.Code })
		if i >= 0 {
			still = append(still, d.exposed[i])
			continue
		}
		if len(x.spans) == MaxExposures {
			continue
		}
		since := w.over()
		if w.Device != d.Device.ID || since.Before(w.Since) {
			since = w.Since // moved to another door, or its end into the past
		}
		if until.After(since) {
			since = until
		}
		still = append(still, len(x.spans))
		x.spans = append(x.spans, Exposed{Device: d.Device.ID, Code: m.Code, From: since})
	}
	for _, i := range d.exposed {
		if !slices.Contains(still, i) {
			x.spans[i].To = t
		}
	}
	d.exposed = still
}

// Exposures returns every span in which a door could be opened by a code that had ended or was withdrawn, since the world
// was opened, in the order in which they were noticed, at most MaxExposures.
func (w *World) Exposures() []Exposed { return w.judge.meter.spans }
