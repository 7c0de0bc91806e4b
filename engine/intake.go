package engine

import (
	"math"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/lock"
)

// What a driver answers with was said by a vendor's cloud. Before anything is believed it is made bounded, writable and
// silent here: an answer of any shape may be wrong, but none can stop the engine, fill its store or carry digits into a text.

const (
	maxText  = 200            // bytes of a vendor's words, or of a name, a tag or a zone that a lock tells
	maxRef   = 1024           // bytes of a handle or cursor; a longer one can't be kept, and what it names not be changed
	fewHeld  = 32             // entries of a list that are compared with each other sooner than remembered
	maxModes = 8              // modes of a keypad
	maxRetry = 24 * time.Hour // longest pause that a vendor can ask for
	maxAhead = 24 * time.Hour // how far ahead of ours a lock's log is believed to be
)

// The instants that a record can hold.
var (
	firstInstant = time.Time{}.Add(time.Second)
	lastInstant  = time.Date(9999, time.December, 31, 23, 59, 59, 0, time.UTC)
)

// storable moves an instant into what a record can hold; zero stays zero.
func storable(t time.Time) time.Time {
	switch t = t.UTC().Round(0); {
	case t.IsZero():
		return time.Time{}
	case t.Before(firstInstant):
		return firstInstant
	case t.After(lastInstant):
		return lastInstant
	}
	return t
}

// intake returns an outcome as the engine can take it.
func (b *batch) intake(d *device, o Outcome) Outcome {
	if o.Err != nil {
		o.Err = d.intakeError(*o.Err)
	}
	if d.Flight.Verb == CallObserve {
		o.Observation = d.intakeLook(o.Observation, b.now)
	} else {
		o.Held = intakeHeld(o.Held)
	}
	return o
}

func (d *device) intakeError(e driver.Error) *driver.Error {
	if e.Kind > driver.NotFound {
		e.Kind = driver.Ambiguous // unknown kinds may have had their effect
	}
	if e.Blame > driver.BlameRequest {
		e.Blame = driver.BlameUnknown
	}
	e.RetryAfter = min(max(e.RetryAfter, 0), maxRetry)
	e.Vendor = d.hush(clip(e.Vendor))
	return &e
}

// intakeLook works in place: what an outcome brings is the engine's own.
func (d *device) intakeLook(o lock.Observation, now time.Time) lock.Observation {
	o.At, o.Clock = storable(o.At), storable(o.Clock)
	o.Zone, o.Next = clip(o.Zone), lock.Cursor(handle(string(o.Next)))
	if o.Source > lock.SourceLock {
		o.Source = lock.SourceCloud // which proves least
	}
	o.Modes = o.Modes[:min(len(o.Modes), maxModes)]
	for i, m := range o.Modes {
		o.Modes[i] = lock.Mode(d.hush(clip(string(m))))
	}
	if math.IsNaN(o.Battery.Level) {
		o.Battery = lock.Battery{}
	}
	o.Battery.Level = min(max(o.Battery.Level, 0), 1)
	o.Entries = o.Entries[max(0, len(o.Entries)-lock.MaxEntries):] // the newest tell most
	for i := range o.Entries {
		e := &o.Entries[i]
		if e.At = storable(e.At); e.At.After(now.Add(maxAhead)) {
			e.At = now // a clock may be wrong, but nobody has opened tomorrow
		}
		e.Ref, e.Reason = lock.Ref(handle(string(e.Ref))), d.hush(clip(e.Reason))
	}
	if len(o.Held) > lock.MaxHeld {
		o.Held, o.Complete = o.Held[:lock.MaxHeld], false
	}
	n, known := 0, map[lock.Ref]bool(nil)
	if len(o.Held) > fewHeld {
		known = make(map[lock.Ref]bool, len(o.Held))
	}
	for _, h := range o.Held {
		if h = intakeHeld(h); h.Ref != "" && (known[h.Ref] || known == nil && slices.ContainsFunc(o.Held[:n], func(k lock.Held) bool { return k.Ref == h.Ref })) {
			continue // the same twice is the same
		}
		if known != nil {
			known[h.Ref] = true
		}
		o.Held[n] = h
		n++
	}
	o.Held = o.Held[:n]
	return o
}

func intakeHeld(h lock.Held) lock.Held {
	h.Ref, h.Slot = lock.Ref(handle(string(h.Ref))), max(h.Slot, 0)
	h.Tag, h.Name, h.Weekly = clip(h.Tag), clip(h.Name), clip(h.Weekly)
	if !h.PIN.IsZero() {
		h.Name = strings.ReplaceAll(h.Name, h.PIN.Reveal(), h.PIN.String())
	}
	h.Window = lock.Window{From: storable(h.Window.From), To: storable(h.Window.To)}
	return h
}

// handle returns a handle as it was given, or "" if it can't be kept so.
func handle(s string) string {
	if len(s) > maxRef || !utf8.ValidString(s) {
		return ""
	}
	return s
}

// clip makes text of somebody else's one line of bounded length.
func clip(s string) string {
	s = s[:min(len(s), maxText)]
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == utf8.RuneError {
			return ' '
		}
		return r
	}, s)
}

// hush puts dots in place of every PIN that is known of the device.
func (d *device) hush(s string) string {
	if !strings.ContainsAny(s, "0123456789") {
		return s
	}
	dots := func(p vaultPIN) {
		if !p.IsZero() {
			s = strings.ReplaceAll(s, p.Reveal(), p.String())
		}
	}
	for _, c := range d.codes {
		dots(c.PIN)
		for i := range c.Places {
			dots(c.Places[i].PIN)
		}
		if c.Prior != nil {
			dots(c.Prior.PIN)
		}
	}
	for i := range d.Orphans {
		dots(d.Orphans[i].PIN)
	}
	for i := range d.held {
		dots(d.held[i].PIN)
	}
	if f := d.Flight; f != nil && f.New != nil {
		dots(f.New.PIN)
	}
	return s
}
