package api

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim/lab"
)

// What one lockctl says to another is the engine's own types as JSON. PINs marshal as dots, on purpose, so each type that
// carries some has a twin here in which they are digits.

// bare is a PIN on its way between two programs of one owner.
type bare struct{ lock.PIN }

func (b bare) MarshalText() ([]byte, error) { return []byte(b.Reveal()), nil }

func (b *bare) UnmarshalText(text []byte) (err error) {
	b.PIN = lock.PIN{}
	if len(text) > 0 {
		b.PIN, err = lock.ParsePIN(string(text))
	}
	return err
}

type (
	wireCreate struct {
		engine.Create
		PIN bare
	}
	wireCreateMany struct {
		engine.CreateMany
		Like wireCreate
	}
	wireUpdate struct {
		engine.Update
		PIN *bare
	}
	wireRotate struct {
		engine.Rotate
		PIN bare
	}
	wireCode struct {
		engine.CodeView
		PIN bare
	}
	wireDevice struct {
		engine.DeviceView
		Row engine.DeviceRow // apart, since some of its names mean something else in the view
	}
	wireSnapshot struct {
		engine.Snapshot
		Device *wireDevice
		Codes  []wireCode
	}
	wireReceipt struct {
		engine.Receipt
		PINs []bare
	}
	wireEdit struct {
		lab.Edit
		PIN bare
	}
)

// wireCommand is a command with its verb beside it.
type wireCommand struct {
	Key, Actor string
	DryRun     bool
	Verb       string
	Do         json.RawMessage
}

// pack makes a command ready to be sent.
func pack(c engine.Command) (wireCommand, error) {
	var do any = c.Do
	switch a := c.Do.(type) {
	case engine.Create:
		do = wireCreate{a, bare{a.PIN}}
	case engine.CreateMany:
		do = wireCreateMany{a, wireCreate{a.Like, bare{a.Like.PIN}}}
	case engine.Update:
		w := wireUpdate{Update: a}
		if a.PIN != nil {
			w.PIN = &bare{*a.PIN}
		}
		do = w
	case engine.Rotate:
		do = wireRotate{a, bare{a.PIN}}
	}
	raw, err := json.Marshal(do)
	return wireCommand{Key: c.Key, Actor: c.Actor, DryRun: c.DryRun, Verb: c.Do.Verb(), Do: raw}, err
}

// unpack reads a command that was sent.
func (w wireCommand) unpack() (engine.Command, error) {
	c := engine.Command{Key: w.Key, Actor: w.Actor, DryRun: w.DryRun}
	var err error
	switch w.Verb {
	case engine.Create{}.Verb():
		x, e := strict[wireCreate](w.Do)
		x.Create.PIN, err = x.PIN.PIN, e
		c.Do = x.Create
	case engine.CreateMany{}.Verb():
		x, e := strict[wireCreateMany](w.Do)
		x.CreateMany.Like = x.Like.Create
		x.CreateMany.Like.PIN, err = x.Like.PIN.PIN, e
		c.Do = x.CreateMany
	case engine.Update{}.Verb():
		x, e := strict[wireUpdate](w.Do)
		if err = e; x.PIN != nil {
			x.Update.PIN = &x.PIN.PIN
		}
		c.Do = x.Update
	case engine.Rotate{}.Verb():
		x, e := strict[wireRotate](w.Do)
		x.Rotate.PIN, err = x.PIN.PIN, e
		c.Do = x.Rotate
	default:
		c.Do, err = w.plain()
	}
	return c, err
}

// plain reads an action without digits.
func (w wireCommand) plain() (engine.Action, error) {
	switch w.Verb {
	case engine.UpdateMany{}.Verb():
		return strict[engine.UpdateMany](w.Do)
	case engine.Convert{}.Verb():
		return strict[engine.Convert](w.Do)
	case engine.Delete{}.Verb():
		return strict[engine.Delete](w.Do)
	case engine.PullBackup{}.Verb():
		return strict[engine.PullBackup](w.Do)
	case engine.SetPool{}.Verb():
		return strict[engine.SetPool](w.Do)
	case engine.Adopt{}.Verb():
		return strict[engine.Adopt](w.Do)
	case engine.DeleteUnmanaged{}.Verb():
		return strict[engine.DeleteUnmanaged](w.Do)
	case engine.SwapDevice{}.Verb():
		return strict[engine.SwapDevice](w.Do)
	case engine.Observe{}.Verb():
		return strict[engine.Observe](w.Do)
	case engine.Undo{}.Verb():
		return strict[engine.Undo](w.Do)
	case engine.AddDevice{}.Verb():
		return strict[engine.AddDevice](w.Do)
	case engine.RemoveDevice{}.Verb():
		return strict[engine.RemoveDevice](w.Do)
	case engine.Reveal{}.Verb():
		return strict[engine.Reveal](w.Do)
	case engine.SetPolicy{}.Verb():
		return strict[engine.SetPolicy](w.Do)
	}
	return nil, invalid(mistake{"verb", "has no such verb: " + clip(w.Verb)})
}

// strict reads JSON that must hold nothing but what a T has.
func strict[T any](raw json.RawMessage) (v T, err error) {
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&v); err != nil {
		return v, invalid(mistake{"do", fmt.Sprintf("does not read as %T", v)})
	}
	return v, nil
}

func packReceipt(r engine.Receipt) wireReceipt {
	w := wireReceipt{Receipt: r}
	for _, p := range r.PINs {
		w.PINs = append(w.PINs, bare{p})
	}
	return w
}

func (w wireReceipt) unpack() engine.Receipt {
	w.Receipt.PINs = nil
	for _, p := range w.PINs {
		w.Receipt.PINs = append(w.Receipt.PINs, p.PIN)
	}
	return w.Receipt
}

func packSnapshot(s engine.Snapshot) wireSnapshot {
	w := wireSnapshot{Snapshot: s}
	if s.Device != nil {
		w.Device = &wireDevice{*s.Device, s.Device.DeviceRow}
	}
	for _, c := range s.Codes {
		w.Codes = append(w.Codes, wireCode{c, bare{c.PIN}})
	}
	return w
}

func (w wireSnapshot) unpack() engine.Snapshot {
	if w.Device != nil {
		w.Device.DeviceRow = w.Device.Row
		w.Snapshot.Device = &w.Device.DeviceView
	}
	w.Snapshot.Codes = nil
	for _, c := range w.Codes {
		c.CodeView.PIN = c.PIN.PIN
		w.Snapshot.Codes = append(w.Snapshot.Codes, c.CodeView)
	}
	return w.Snapshot
}
