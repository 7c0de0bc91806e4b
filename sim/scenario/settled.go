package scenario

import (
	"fmt"
	"time"

	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/internal/strict"
	"github.com/accesscodes/lockctl/lock"
)

// What a lock as a whole owes long after the last trouble: a full pool, no door that stays open to yesterday's guests, and
// somebody who looks after it.

// renewing is how long a new spare may take to stand on a lock whose cloud confirms it late.
const renewing = 30 * time.Minute

// lagging says what is not as it should be with a lock by now. s is what the engine shows of it.
func (r *run) lagging(d lock.Device, s engine.Snapshot, full room, now time.Time) (out []string) {
	gone := map[lock.CodeID]bool{}
	kept := 0 // spares that people switched off, that an issue explains, or that were renewed a moment ago
	for _, c := range s.Codes {
		young := c.Status != engine.StatusSet && c.Status != engine.StatusGone && now.Sub(c.Created) < renewing
		if c.Backup && c.PulledFor == "" && (young || explained(c.Issues, full)) {
			kept++
		}
		gone[c.ID] = c.Status == engine.StatusGone && !c.Exposure.Unverified
	}
	p := s.Device.Pool
	if room := s.Device.Free(); p.On && p.Ready+kept < p.Want && d.Traits.Slots > 0 && room > 0 && !full.packed && !explained(s.Device.Issues, full) {
		out = append(out, fmt.Sprintf("its pool has %d of %d spares, and room for more", p.Ready, p.Want))
	}
	for _, x := range r.w.Exposures() {
		if x.Device == d.ID && x.To.IsZero() && now.Sub(x.From) > quiet && gone[x.Code] && !d.Traits.CannotList {
			out = append(out, fmt.Sprintf("%s still opens it, although it is gone as far as anybody is told", r.named(x.Code)))
		}
	}
	every := s.Device.Policy.ObserveEvery * 3 / 2
	if asked := r.w.Asked(d.ID); !d.Traits.OfflineOnly && now.Sub(r.f.Start) > every+quiet && now.Sub(asked) > every+quiet {
		out = append(out, "nobody has asked it anything for "+strict.Short(now.Sub(asked).Round(time.Minute)))
	}
	return out
}
