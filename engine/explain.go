package engine

import (
	"context"
	"time"

	"github.com/accesscodes/lockctl/lock"
)

// Cause is a sentence about a code with what it follows from: the answer to "why". Texts carry no times of their own, so
// that each reader can show At in the zone of the door.
type Cause struct {
	Text    string
	At      time.Time `json:",omitzero"` // when it was so, or will be; zero: it has no moment
	Mood    Mood      `json:",omitzero"`
	Because []Cause   `json:",omitzero"`
}

// Mood tells good news from bad.
type Mood string

// The moods.
const (
	MoodFact  Mood = ""
	MoodGood  Mood = "good"
	MoodWaits Mood = "waits"
	MoodBad   Mood = "bad"
)

// explain answers ViewExplain: the code, its device, and why it is where it is.
func (e *Engine) explain(ctx context.Context, now time.Time, q Query, s *Snapshot) error {
	d, c, err := e.findCode(ctx, q.Code)
	if err != nil {
		return err
	}
	v := e.codeView(now, d, c, &q)
	view := e.deviceView(now, d)
	s.Codes, s.Total, s.Device = []CodeView{v}, 1, &view
	s.Why = e.causes(now, d, c, &v)
	return nil
}

// causes derives the sentences of a code, in the order of its life: what is wished, how it reaches the lock, what stands
// there, what is in the way, and what follows for whoever arrives.
func (e *Engine) causes(now time.Time, d *device, c *code, v *CodeView) []Cause {
	policy := e.policyOf(d)
	w := d.want(now, c, &policy)
	out := []Cause{d.wished(now, c), d.delivered(c, &w, v)}
	if c.Offline == lock.OfflineNone {
		out = append(out, d.standing(now, c, policy))
	}
	if c.Gone.IsZero() {
		out = append(out, e.path(now, d, c, v))
	}
	switch v.Readiness {
	case "":
	case ReadyVerified:
		out = append(out, Cause{Text: "whoever has the digits gets in: the lock itself has shown the code", Mood: MoodGood})
	case ReadyLikely:
		out = append(out, Cause{Text: "whoever has the digits should get in", Mood: MoodGood, Because: reasons(v.Cause)})
	default:
		x := Cause{Text: "whoever has the digits may not get in", Mood: MoodBad, Because: reasons(v.Cause)}
		if v.Readiness == ReadyWillFail {
			x.Text = "whoever has the digits will not get in"
		}
		if v.Action != "" {
			x.Because = append(x.Because, Cause{Text: "what helps: " + v.Action, Mood: MoodWaits})
		}
		out = append(out, x)
	}
	if x := v.Exposure; !x.Since.IsZero() || x.Unverified {
		out = append(out, Cause{Text: "the digits may open the door although they should not", At: x.Since, Mood: MoodBad})
	}
	for _, i := range v.Issues {
		x := Cause{Text: i.Message, At: i.Since, Mood: MoodWaits}
		if i.Class == ClassError {
			x.Mood = MoodBad
		}
		if i.Remedy != "" {
			x.Because = []Cause{{Text: "what helps: " + i.Remedy}}
		}
		out = append(out, x)
	}
	return out
}

func reasons(text string) []Cause {
	if text == "" {
		return nil
	}
	return []Cause{{Text: text}}
}

// wished tells what somebody asked for.
func (d *device) wished(now time.Time, c *code) Cause {
	x := Cause{Text: "a code without an end is wished", Because: []Cause{{Text: "asked for", At: c.Created}}}
	if c.kind() == TimeBound {
		x.Text = "a code for a stay is wished"
		x.Because = append(x.Because, Cause{Text: "opens from", At: c.From}, Cause{Text: "opens no more from", At: c.To})
	} else if c.From.After(c.Created) {
		x.Because = append(x.Because, Cause{Text: "opens from", At: c.From})
	}
	if c.Spare {
		x.Text = "a backup code is kept ready"
	}
	switch {
	case !c.Deleted.IsZero():
		x.Because = append(x.Because, Cause{Text: "withdrawn", At: c.Deleted})
	case c.Told.IsZero():
		x.Because = append(x.Because, Cause{Text: "its digits were not told to anybody"})
	default:
		x.Because = append(x.Because, Cause{Text: "its digits were told", At: c.Told})
	}
	return x
}

// delivered tells how the code reaches its lock, and when.
func (d *device) delivered(c *code, w *want, v *CodeView) Cause {
	x := Cause{Text: "it is written just in time", Because: reasons(w.Why)}
	switch {
	case c.Offline != lock.OfflineNone:
		x.Text = "its digits are issued, nothing is written to the lock"
	case v.Native:
		x.Text = "the lock turns it on and off by its own clock"
	case !c.From.After(c.Created):
		x.Text = "it is written at once"
	}
	if !w.Due.IsZero() {
		x.Because = append(x.Because, Cause{Text: "writing is due", At: w.Due})
	}
	if !w.Holds.IsZero() {
		x.Because = append(x.Because, Cause{Text: "it waits while the guest before is in, at the longest until then", At: w.Holds, Mood: MoodWaits})
	}
	return x
}

// standing tells what the lock holds of the code, as far as is known.
func (d *device) standing(now time.Time, c *code, policy Policy) Cause {
	if len(c.Places) == 0 {
		if !c.Gone.IsZero() {
			return Cause{Text: "it is gone from the lock", At: c.Gone, Mood: MoodGood}
		}
		return Cause{Text: "nothing of it stands on the lock", Mood: MoodWaits}
	}
	x := Cause{Text: "the lock is not known to serve it yet", Mood: MoodWaits}
	for i := range c.Places {
		p := &c.Places[i]
		if d.serves(now, c, p, &policy) {
			x.Text, x.Mood = "the lock serves it", MoodGood
		}
		for _, m := range []struct {
			at   time.Time
			text string
		}{
			{p.Wrote, "a write was sent"}, {p.Accepted, "it was accepted"}, {p.Seen, "a list showed it"}, {p.Reported, "the lock itself showed it"},
			{p.Used, "it opened the door"}, {p.Tried, "an erase was sent"}, {p.Cleared, "the erase was accepted"},
		} {
			if !m.at.IsZero() {
				x.Because = append(x.Because, Cause{Text: m.text, At: m.at})
			}
		}
		if p.Doubt {
			x.Because = append(x.Because, Cause{Text: "a write or an erase may have happened: a look comes first", Mood: MoodWaits})
		}
		if p.Disabled {
			x.Because = append(x.Because, Cause{Text: "it is switched off in the vendor's app", Mood: MoodBad})
		}
	}
	if c.isOver(now) {
		x.Text, x.Mood = "it is on its way off the lock", MoodWaits
	}
	return x
}

// path tells what is under way between here and the lock, or what comes next.
func (e *Engine) path(now time.Time, d *device, c *code, v *CodeView) Cause {
	x := Cause{Text: "what comes next: " + v.Reason, At: v.NextTry, Mood: MoodWaits}
	if v.Reason == "due" {
		x.Text = "it should be on the lock by now"
	}
	if f := d.Flight; f != nil && f.Code == c.ID {
		x.At = f.Since
	}
	if v.Reason == "" || len(v.Pending) == 0 && v.NextTry.IsZero() {
		x = Cause{Text: "nothing is left to do for it now", Mood: MoodGood}
	}
	switch e.reach(d) {
	case lock.LockDown:
		x.Because = append(x.Because, Cause{Text: "the lock does not answer", At: d.Down, Mood: MoodBad})
	case lock.HubDown:
		x.Because = append(x.Because, Cause{Text: "its hub does not answer", Mood: MoodBad})
	case lock.AccountDown:
		x.Because = append(x.Because, Cause{Text: "its cloud does not answer", Mood: MoodBad})
	case lock.Reached:
		x.Because = append(x.Because, Cause{Text: "the lock was reached", At: d.Look.At})
	}
	if c.Attempts > 0 {
		x.Because = append(x.Because, Cause{Text: "failed " + itoa(int64(c.Attempts)) + " times in a row", Mood: MoodBad})
	}
	if now.Before(d.RetryAt) {
		text := "the lock is left alone for a while after failures"
		if d.Failures == 0 && d.Refusals <= manyRefusals {
			text = "other calls of its account go first"
		}
		x.Because = append(x.Because, Cause{Text: text, At: d.RetryAt, Mood: MoodWaits})
	}
	if d.Why != "" && !d.Wake.IsZero() {
		x.Because = append(x.Because, Cause{Text: "the lock is thought about next: " + d.Why, At: d.Wake})
	}
	return x
}

// planned tells the life of a code as a change of its wish would make it.
func (b *batch) planned(d *device, c *code, w wish) func() []Moment {
	return func() []Moment {
		next := *c
		next.grant(w)
		return b.lifeOf(d, &next)
	}
}

// lifeOf is the life line of a code as it is meant to become.
func (b *batch) lifeOf(d *device, c *code) []Moment {
	policy := b.e.policyOf(d)
	w := d.want(b.now, c, &policy)
	return d.line(b.now, c, &w, d.status(b.now, c, &w, &policy, b.e.authLost(d)))
}
