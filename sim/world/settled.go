package world

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/lock"
)

// What is judged long after the last trouble: whether everything that was wished has come about. A code is where it should be, a
// lock as a whole has a full pool, no door that stays open to yesterday's guests, and somebody who looks after it.

const (
	// quiet is how long after the last trouble everything has to be settled.
	quiet = 3 * time.Hour
	// renewing is how long a new spare may take to stand on a lock whose cloud confirms it late.
	renewing = 30 * time.Minute
)

// The rules of what must come about.
const (
	DueStatus   = "status"   // a code is set, or gone, once it should be
	DuePool     = "pool"     // a pool is refilled where there is room
	DueExposure = "exposure" // a door shuts to a code that is gone as far as anybody is told
	DueCare     = "care"     // somebody asks a lock how it is
)

// Dues lists every rule of what must come about.
func Dues() []string { return []string{DueStatus, DuePool, DueExposure, DueCare} }

// Late is something that should have come about by now.
type Late struct {
	Rule   string
	Device lock.DeviceID
	Code   lock.CodeID // "": of the lock as a whole
	Text   string      // half a sentence, about the code or else the lock
	Why    string      // what the engine says to it; "": nothing
}

// Unsettled returns what is on its way long after the last disturbance, with no fault left. A definite issue explains itself; so
// do what only people can mend, what a lock that tells nothing can't confirm, and a lock that is in error. began is when the story
// did, troubled when something last went wrong.
func (w *World) Unsettled(began, troubled time.Time) ([]Late, error) {
	now := w.Now()
	if now.Sub(troubled) < quiet || len(w.fleet.Faults()) > 0 {
		return nil, nil
	}
	var late []Late
	for _, d := range w.fleet.Devices() {
		s, err := w.Snapshot(engine.Query{View: engine.ViewDevice, Device: d.ID})
		var no *engine.Refusal
		if errors.As(err, &no) && no.Code == "device_not_found" {
			continue // it came while the engine was stopped, and was never put under its management
		}
		if err != nil {
			return nil, err
		}
		if s.Device == nil || s.Device.Removed || slices.ContainsFunc(s.Device.Issues, func(i engine.Issue) bool { return i.Class == engine.ClassError && !strings.Contains(i.Code, "backup") }) {
			continue
		}
		full := room{packed: d.Traits.Slots > 0 && len(w.fleet.Memory(d.ID)) >= d.Traits.Slots}
		full.believed = full.packed || d.Traits.Slots == 0 || d.Traits.CannotList || d.Traits.CloudList
		if d.Traits.Slots == 0 && slices.ContainsFunc(s.Device.Issues, func(i engine.Issue) bool { return i.Code == "max_access_codes_reached" }) {
			continue // it hides how many it holds, and has refused one
		}
		late = append(late, w.lagging(d, s, full, began)...)
		full.leaving = now.Sub(w.filled(d.ID)) < renewing || (full.packed || w.listedFull(d)) && slices.ContainsFunc(s.Codes, func(c engine.CodeView) bool {
			return c.Status == engine.StatusRemoving && ended(c, now) < quiet
		})
		for _, c := range s.Codes {
			if text := stuck(c, d.Traits, full, now); text != "" && !w.destroyed(c) {
				late = append(late, Late{Rule: DueStatus, Device: d.ID, Code: c.ID, Text: text, Why: cmp.Or(c.Reason, "none")})
			}
		}
	}
	return late, nil
}

// lagging says what is not as it should be with a lock by now. s is what the engine shows of it.
func (w *World) lagging(d lock.Device, s engine.Snapshot, full room, began time.Time) (late []Late) {
	now := w.Now()
	comes := max(renewing, s.Device.Policy.ConfirmWithin+grace)
	kept := 0 // spares that people switched off, that an issue explains, or that were renewed a moment ago
	for _, c := range s.Codes {
		young := c.Status != engine.StatusSet && c.Status != engine.StatusGone && now.Sub(c.Created) < comes
		if c.Backup && c.PulledFor == "" && (young || explained(c.Issues, full)) {
			kept++
		}
	}
	p := s.Device.Pool
	if room := s.Device.Free(); p.On && p.Ready+kept < p.Want && d.Traits.Slots > 0 && room > 0 && !full.packed && !explained(s.Device.Issues, full) {
		late = append(late, Late{Rule: DuePool, Device: d.ID, Text: fmt.Sprintf("its pool has %d of %d spares, and room for more", p.Ready, p.Want)})
	}
	for _, x := range w.Exposures() {
		if x.Device == d.ID && x.To.IsZero() && now.Sub(x.From) > quiet && !d.Traits.CannotList && !d.Traits.CloudList && !w.judge.unshown(x, now, s.Device.Policy.ObserveEvery*3/2+quiet) && w.gone(x.Code) {
			late = append(late, Late{Rule: DueExposure, Device: d.ID, Code: x.Code, Text: "still opens the door, although it is gone as far as anybody is told"})
		}
	}
	every := s.Device.Policy.ObserveEvery * 3 / 2
	if asked := w.asked(d.ID); !d.Traits.OfflineOnly && now.Sub(began) > every+quiet && now.Sub(asked) > every+quiet {
		text := "nobody has asked it anything for " + strings.TrimSuffix(now.Sub(asked).Round(time.Minute).String(), "0s")
		late = append(late, Late{Rule: DueCare, Device: d.ID, Text: text})
	}
	return late
}

// destroyed reports whether the digits of a code that its lock does not erase are overwritten: nothing opens by it, people are told so,
// and once a day is often enough to try for its slot.
func (w *World) destroyed(c engine.CodeView) bool {
	return c.Status == engine.StatusRemoving && slices.ContainsFunc(c.Issues, func(i engine.Issue) bool {
		return i.Code == "failed_to_remove_from_device" && i.Case == engine.CaseOverwritten
	}) && !slices.ContainsFunc(w.Exposures(), func(x Exposed) bool { return x.Code == c.ID && x.To.IsZero() })
}

// gone reports whether people are told that a code is off its lock, for certain. What a lock shows are its live codes, and not those.
func (w *World) gone(id lock.CodeID) bool {
	s, err := w.Snapshot(engine.Query{View: engine.ViewCode, Code: id})
	return err == nil && len(s.Codes) == 1 && s.Codes[0].Status == engine.StatusGone && !s.Codes[0].Exposure.Unverified
}

// unshown reports whether the last look at a lock, after what opens it was to be gone, left that out: by all that anybody was shown it is,
// and it is found out by the next look, which is due within so long. What it showed without digits and name is not known as the code's.
func (j *judge) unshown(x Exposed, now time.Time, within time.Duration) bool {
	d := j.devices[x.Device]
	if d == nil || d.look.At.Before(x.From) || now.Sub(d.look.At) > within {
		return false
	}
	return !slices.ContainsFunc(d.entries, func(e seen) bool {
		return e.Code == x.Code && !e.Foreign && slices.ContainsFunc(d.look.Held, func(h lock.Held) bool { return h.Ref == e.Ref }) &&
			!(d.Device.Traits.HidesPIN && d.Device.Traits.NameMax > 0 && d.nameless(e.Ref))
	})
}

// asked returns when a call to that lock last ended; zero: none has.
func (w *World) asked(id lock.DeviceID) time.Time {
	if d := w.judge.devices[id]; d != nil {
		return d.ended
	}
	return time.Time{}
}

// listedFull reports whether the cloud that lists for a lock shows it to be full, though the lock may have lost some of that.
func (w *World) listedFull(d lock.Device) bool {
	x := w.judge.devices[d.ID]
	return x != nil && d.Traits.CloudList && d.Traits.Slots > 0 && len(x.look.Held) >= d.Traits.Slots
}

// filled returns when that lock was last full, in truth or by what its cloud lists; zero: never.
func (w *World) filled(id lock.DeviceID) time.Time {
	if d := w.judge.devices[id]; d != nil {
		return d.filled
	}
	return time.Time{}
}

// room says whether a lock is full: in truth, and as far as the engine can be expected to know; and whether some of what fills it is
// leaving, or has just left: others wait for that.
type room struct{ packed, believed, leaving bool }

// explained reports whether an issue says why a code stays as it is: it is definite, or waits for people. That a lock is full
// is believed only if it is, where its capacity is known and the lock itself is asked; if it is, and its cloud knows nothing of
// it, that nothing appears is all that can be said.
func explained(issues []engine.Issue, full room) bool {
	return slices.ContainsFunc(issues, func(i engine.Issue) bool {
		switch i.Code {
		case "access_code_inactive", "contended", "external_modification_in_effect":
			return true
		case "no_space_for_access_code_on_device":
			return full.believed
		case "failed_to_set_on_device":
			return full.packed
		case "conflicting_external_modification":
			return i.Case == engine.CaseAsked
		}
		return i.Definite
	})
}

// ended is how long ago a code was to go; negative: it is not to go yet.
func ended(c engine.CodeView, now time.Time) time.Duration {
	return max(since(c.Deleted, now), since(c.Ends, now))
}

func since(at, now time.Time) time.Duration {
	if at.IsZero() {
		return -1
	}
	return now.Sub(at)
}

// stuck says why a code is not where it should be, or nothing.
func stuck(c engine.CodeView, t lock.Traits, full room, now time.Time) string {
	if explained(c.Issues, full) {
		return ""
	}
	ended := ended(c, now)
	switch {
	case ended > quiet && (t.CannotList || c.Exposure.Unverified):
	case ended > quiet && c.Status != engine.StatusGone:
		return "is still " + string(c.Status) + " after its end"
	case ended >= 0 || c.Backup || full.leaving:
	case !c.Ends.IsZero() && c.Ends.Sub(now) <= max(t.Granularity, time.Second): // a lock that counts in minutes has ended it already
	case (c.Starts.IsZero() || since(c.Starts, now) > quiet) && c.Status != engine.StatusSet && c.Status != engine.StatusGone:
		return "is still " + string(c.Status)
	}
	return ""
}
