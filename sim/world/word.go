package world

import (
	"cmp"
	"slices"
	"time"

	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/lock"
)

// What the model of what was wished takes from the engine's word, which its journal holds.

// event learns what the journal alone tells: spares that the engine pulled by itself.
func (j *judge) event(e engine.Event) {
	if e.Type == "access_code.backup_access_code_pulled" {
		j.pulled(e.At, e.Code, e.Backup)
	}
	if w := j.wishes[e.Code]; w != nil && e.Issue != nil && e.Issue.Code == "digits_changed" && e.Type != "internal.issue.cleared" {
		w.Told = vault{} // the provider chose others, and people are told so
		j.touch(w)
	}
	if w := j.wishes[e.Code]; w != nil && slices.Contains(taken, e.Type) {
		w.Took = e.Seq
		j.changed[e.Code] = true
	}
	if e.Issue != nil && e.Issue.Code == "change_refused" && e.Type != "internal.issue.cleared" {
		j.goesBack(e.At, e.Code)
	}
	if e.Type == "access_code.modified_external_to_seam" {
		j.moved(e.At, e.Code)
	}
	if w := j.wishes[e.Code]; w != nil && e.Issue != nil && e.Issue.Code == "contended" {
		w.contended = e.Type == "internal.issue.raised"
		j.soil(j.device(w.Device))
	}
	if e.Issue != nil {
		if w := j.wishes[e.Code]; w != nil {
			w.troubles = heard(w.troubles, e)
		} else if d := j.devices[e.Device]; d != nil && e.Code == "" {
			d.troubles = heard(d.troubles, e)
		}
		j.silent(e.At, e.Device, e.Type, e.Issue.Message)
		j.silent(e.At, e.Device, e.Type, e.Issue.Remedy)
		j.silent(e.At, e.Device, e.Type, e.Issue.Vendor)
	}
	j.silent(e.At, e.Device, e.Type, e.Text)
}

// moved takes the word that people at the lock have changed a code. Where that counts, the window and the digits that were shown are
// the wish.
func (j *judge) moved(now time.Time, id lock.CodeID) {
	w := j.wishes[id]
	if w == nil || !w.Extern && j.policy(j.device(w.Device)).External != engine.ExternalAllow {
		return
	}
	d := j.device(w.Device)
	for _, h := range d.look.Held {
		own := func(s seen) bool { return s.Code == id && s.Ref == h.Ref }
		if !slices.ContainsFunc(d.entries, own) {
			continue
		}
		if !h.Window.IsZero() && !h.Window.Equal(w.Window) {
			w.Window, w.Since = lock.Window{From: cmp.Or(h.Window.From, w.Window.From), To: h.Window.To}, now
			j.touch(w)
		}
		if !h.PIN.IsZero() && h.PIN != w.Told.PIN && !w.Told.IsZero() {
			w.Told = vault{h.PIN} // who changed them knows them
			j.touch(w)
		}
	}
}

// taken are the events that tell that a lock has taken a change.
var taken = []string{"access_code.name_changed", "access_code.code_changed", "access_code.time_frame_changed"}

// goesBack takes the word that a lock refused a change: an earlier form of the code stands again, of those since it last took one.
// Which of them the word does not tell, so that the widest window of them holds; and their digits, if they all had the same.
func (j *judge) goesBack(now time.Time, id lock.CodeID) {
	w := j.wishes[id]
	if w == nil {
		return
	}
	w.Since, w.sent = now, time.Time{}
	var told []vault
	first := true
	since := max(0, slices.IndexFunc(w.Past, func(p past) bool { return p.Seq > w.Took }))
	for _, p := range w.Past[since:] {
		if p.New || p.Device != w.Device {
			continue
		}
		if !p.Told.IsZero() && !slices.Contains(told, p.Told) {
			told = append(told, p.Told)
		}
		if first {
			w.Window, first = p.Window, false
		}
		if p.Window.From.Before(w.Window.From) {
			w.Window.From = p.Window.From
		}
		if p.Window.To.IsZero() || !w.Window.To.IsZero() && p.Window.To.After(w.Window.To) {
			w.Window.To = p.Window.To
		}
	}
	switch len(told) {
	case 0:
	case 1:
		w.Told = told[0]
	default:
		w.Told = vault{}
	}
	j.touch(w)
}
