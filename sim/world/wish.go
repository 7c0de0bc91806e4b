package world

import (
	"slices"
	"time"

	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/lock"
)

// The model of what was wished is written apart from the engine: it is fed by the commands that were accepted and their
// receipts, and by what the journal claims, and never looks at the engine's state.

const (
	// maxStood bounds the digits of a wish that are remembered.
	maxStood = 4
	// maxPast bounds the earlier forms that a wish keeps for Undo.
	maxPast = 8
	// forgetAfter is how long a wish is kept after its end once the lock holds nothing of it.
	forgetAfter = 7 * 24 * time.Hour
)

// vault is a PIN on its way to the store: it prints dots like any PIN and marshals to its digits, for the store is the
// vault.
type vault struct{ lock.PIN }

func (v vault) MarshalText() ([]byte, error) { return []byte(v.Reveal()), nil }

func (v *vault) UnmarshalText(text []byte) (err error) {
	v.PIN = lock.PIN{}
	if len(text) > 0 {
		v.PIN, err = lock.ParsePIN(string(text))
	}
	return err
}

// form is what is wished of a code at some time.
type form struct {
	Device lock.DeviceID
	Window lock.Window      // From zero: from the creation on
	Told   vault            // the digits that left the vault; zero: none did
	Gone   time.Time        `json:",omitzero"` // withdrawn
	Gap    bool             `json:",omitzero"` // it may be away for the moments of a rewrite
	For    lock.CodeID      `json:",omitzero"` // of a pulled spare: the code that it stands in for
	Extern bool             `json:",omitzero"` // changes made by hand are honoured
	Offl   lock.OfflineKind `json:",omitzero"`
	Holder string           `json:",omitzero"`
	Common string           `json:",omitzero"`
	Adopt  bool             `json:",omitzero"` // it was somebody else's
	Left   bool             `json:",omitzero"` // and is so again: it stays on the lock
}

// wish is one access code as the model knows it.
type wish struct {
	Code  lock.CodeID
	Since time.Time // when it took its present form
	form
	Past []past     `json:",omitempty"` // earlier forms, oldest first, at most maxPast
	Took engine.Seq `json:",omitzero"`  // when people were last told that the lock has taken a change

	troubles  []string   // issues that people were told of
	stood     []lock.PIN // digits that stood on its lock while it was live, newest last, at most maxStood
	contended bool       // the engine has said that it gives in to another controller
	robbed    time.Time  // a hand last took it off its lock
	sent      time.Time  // the first set left since it took its present form; zero: none has
	asked     lock.PIN   // the digits of that set; zero: the provider chooses. Others come of a write from before, which lands late
}

// past is the form that a wish had before a command. New: it did not exist.
type past struct {
	Seq engine.Seq
	New bool `json:",omitzero"`
	form
}

// stand notes digits that stand on the lock for the code.
func (w *wish) stand(p lock.PIN) {
	if p.IsZero() || slices.Contains(w.stood, p) {
		return
	}
	if len(w.stood) == maxStood {
		w.stood = slices.Delete(w.stood, 0, 1)
	}
	w.stood = append(w.stood, p)
}

// over is the instant from which the code should not open; zero: never.
func (w *wish) over() time.Time {
	if w.Gone.IsZero() || !w.Window.To.IsZero() && w.Window.To.Before(w.Gone) {
		return w.Window.To
	}
	return w.Gone
}

// live reports whether the code is neither withdrawn nor past its end.
func (w *wish) live(now time.Time) bool {
	end := w.over()
	return end.IsZero() || now.Before(end)
}

// within is the checkers' own idea of a half-open window.
func (w *wish) within(now time.Time) bool {
	return w.live(now) && (w.Window.From.IsZero() || now.Sub(w.Window.From) >= 0)
}

// open reports whether the code may open at now if it may do so lead before its start, and, if not, since when it should
// have been shut. Since is zero for a code that never should have opened yet.
func (w *wish) open(now time.Time, lead time.Duration) (ok bool, since time.Time) {
	if !w.live(now) {
		end := w.over()
		if w.Gone.IsZero() && w.Since.After(end) {
			end = w.Since // moved into the past
		}
		return false, end
	}
	if w.Window.From.IsZero() || now.Sub(w.Window.From.Add(-lead)) >= 0 {
		return true, time.Time{}
	}
	if len(w.Past) > 0 && !w.Past[len(w.Past)-1].New {
		return false, w.Since // it may have been open before it was moved
	}
	return false, time.Time{}
}

// accept learns from a command that was taken.
func (j *judge) accept(now time.Time, c engine.Command, r engine.Receipt) {
	if c.DryRun || r.Seq != 0 && r.Seq <= j.Seq {
		return // a repeated key: answered before, and changes nothing
	}
	j.once(now, c.Key)
	j.Seq = max(j.Seq, r.Seq)
	j.unsaved = true
	switch do := c.Do.(type) {
	case engine.AddDevice:
		d := j.alter(do.Device.ID)
		d.Device, d.links = do.Device, nil
		d.Retired = false
		if j.door.Ailing(do.Device.ID) {
			d.fooled, d.misled = true, now // a fault of its hub or account that has struck others before
		}
		j.soil(d)
	case engine.RemoveDevice:
		j.alter(do.Device).Retired = true
	case engine.SetPolicy:
		j.setPolicy(do, now)
	case engine.SetPool:
		j.pool(do.Device, do.On, now, r.Seq)
	case engine.Create:
		j.create(now, do, do.Device, r, 0)
		j.told(now, r)
	case engine.CreateMany:
		like := do.Like
		if do.OwnPINs {
			like.PIN = lock.PIN{} // a door that can't take it draws its own
		}
		for i, id := range do.Devices {
			j.create(now, like, id, r, i)
		}
		j.told(now, r)
	case engine.Update:
		j.update(now, do, r)
	case engine.UpdateMany:
		for _, id := range r.Codes {
			j.change(now, id, r.Seq, func(f *form) { f.move(do.Starts, do.Ends); f.Gap = do.AcceptGap })
		}
	case engine.Convert:
		j.change(now, do.Code, r.Seq, func(f *form) {
			f.Gap = do.AcceptGap
			f.Window = lock.Window{From: do.Starts, To: do.Ends}.UTC() // without either it works from now on
		})
	case engine.Delete:
		j.change(now, do.Code, r.Seq, func(f *form) { f.Gone, f.Left = now, do.Leave })
	case engine.Rotate:
		j.change(now, do.Code, r.Seq, func(f *form) { f.Told, f.Gap = vault{do.PIN}, do.AcceptGap })
	case engine.Reveal:
		j.told(now, r)
	case engine.PullBackup:
		j.pulled(now, do.Code, r.Backup)
	case engine.Adopt:
		j.adopt(now, do, r)
	case engine.DeleteUnmanaged:
		j.alter(do.Device).Permits[do.Ref] = true
	case engine.SwapDevice:
		j.swap(now, do, r)
	case engine.Undo:
		j.undo(now, do, r)
	}
	for _, p := range r.PINs {
		j.digits.learn(p)
	}
}

// told notes the digits that a receipt carries.
func (j *judge) told(now time.Time, r engine.Receipt) {
	for i, p := range r.PINs {
		if w := j.wishes[r.Codes[i]]; w != nil && !p.IsZero() {
			if d := j.device(w.Device); !d.fooled && !w.sent.IsZero() && slices.ContainsFunc(d.entries, func(s seen) bool {
				return s.Code == w.Code && !s.Foreign && s.PIN != p && !s.PIN.IsZero() && s.since.After(w.sent) && (w.asked.IsZero() || s.PIN == w.asked)
			}) {
				j.breach(now, RuleTold, w.Device, w.Code, "other digits are told than those that stand on the lock")
			}
			w.Told = vault{p}
			j.touch(w)
		}
	}
}

// once judges a command that comes with a key: within a day it may take effect a single time.
func (j *judge) once(now time.Time, key string) {
	if key == "" {
		return
	}
	if slices.ContainsFunc(j.keys, func(u used) bool { return u.key == key && now.Sub(u.at) <= keyStands }) {
		j.breach(now, RuleOneEffect, "", "", "a command that was repeated under its key took effect again")
		return
	}
	j.keys = append(j.keys[max(0, len(j.keys)+1-maxKeys):], used{key, now})
}

func (j *judge) create(now time.Time, do engine.Create, device lock.DeviceID, r engine.Receipt, i int) {
	if i >= len(r.Codes) {
		return
	}
	w := &wish{Code: r.Codes[i], Since: now, form: form{
		Device: device, Window: lock.Window{From: do.Starts, To: do.Ends}.UTC(), Told: vault{do.PIN}, Extern: do.AllowExternal,
		Holder: do.Holder, Common: do.CommonKey,
	}}
	if do.Offline || j.device(device).Device.Traits.OfflineOnly {
		w.Offl = lock.OfflineHourly // any: an algorithmic code is not in the lock's memory
	}
	w.Past = []past{{Seq: r.Seq, New: true}}
	if do.UsePool {
		j.pool(device, true, now, 0)
	}
	j.add(w)
}

func (j *judge) update(now time.Time, do engine.Update, r engine.Receipt) {
	j.change(now, do.Code, r.Seq, func(f *form) {
		f.move(do.Starts, do.Ends)
		f.Gap = do.AcceptGap
		if do.PIN != nil {
			f.Told = vault{*do.PIN}
		}
		if do.AllowExternal != nil {
			f.Extern = *do.AllowExternal
		}
		if do.Ongoing {
			f.Window = lock.Window{}
		}
	})
	if w := j.wishes[do.Code]; w != nil && do.UsePool {
		j.pool(w.Device, true, now, 0)
	}
}

// move gives a form new times; nil ones stay.
func (f *form) move(starts, ends *time.Time) {
	if starts != nil {
		f.Window.From = *starts
	}
	if ends != nil {
		f.Window.To = *ends
	}
	f.Window = f.Window.UTC()
}

// change gives a wish another form and remembers the one before.
func (j *judge) change(now time.Time, id lock.CodeID, seq engine.Seq, do func(*form)) {
	w := j.wishes[id]
	if w == nil {
		return // of before the model's time
	}
	w.Past = append(w.Past, past{Seq: seq, form: w.form})
	if over := len(w.Past) - maxPast; over > 0 {
		w.Past = slices.Delete(w.Past, 0, over)
	}
	before := w.form
	do(&w.form)
	w.Since, w.sent = now, time.Time{}
	j.digits.learn(w.Told.PIN)
	j.touch(w)
	for _, spare := range j.device(before.Device).codes {
		if s := j.wishes[spare]; s != nil && s.For == id {
			s.follow(before, w.form, now)
			j.touch(s)
		}
	}
}

// follow has a pulled spare end when the code ends that it stands in for.
func (w *wish) follow(before, after form, now time.Time) {
	if !before.Window.To.Equal(after.Window.To) {
		w.Window.To, w.Since = after.Window.To, now
	}
	if before.Gone.IsZero() && !after.Gone.IsZero() && w.Gone.IsZero() {
		w.Gone, w.Since = after.Gone, now
	}
}

// pulled makes a spare stand in for a code: it may open until the code's end.
func (j *judge) pulled(now time.Time, code, spare lock.CodeID) {
	of := j.wishes[code]
	if of == nil || spare == "" {
		return
	}
	if w := j.wishes[spare]; w != nil && w.For == code {
		return
	}
	j.add(&wish{Code: spare, Since: now, form: form{Device: of.Device, Window: lock.Window{To: of.Window.To}, For: code}})
}

func (j *judge) adopt(now time.Time, do engine.Adopt, r engine.Receipt) {
	j.alter(do.Device).Permits[do.Ref] = true
	if len(r.Codes) == 0 {
		return
	}
	w := &wish{Code: r.Codes[0], Since: now, form: form{Device: do.Device, Extern: do.AllowExternal, Adopt: true}}
	for _, m := range j.memory(do.Device) {
		if m.Ref == do.Ref {
			w.Window, w.Told = m.Window.UTC(), vault{m.PIN}
		}
	}
	for _, h := range j.device(do.Device).look.Held { // what was shown is what is adopted, where the model knows that
		if h.Ref == do.Ref {
			w.Window, w.Told = h.Window.UTC(), vault{h.PIN}
			j.device(do.Device).slots[h.Slot] = w.Code // by what was shown its slot is the code's from now on
		}
	}
	w.Past = []past{{Seq: r.Seq, New: true}}
	j.add(w)
}

// swap moves the live codes of one lock to another, and its pool. The old one is no longer judged: it is off the door.
func (j *judge) swap(now time.Time, do engine.SwapDevice, r engine.Receipt) {
	old := j.alter(do.Old)
	old.Retired = true
	if t := j.device(do.New).Device.Traits; old.Pool && !t.NoBackupPool && !t.AssignsPIN && !t.OfflineOnly {
		j.pool(do.New, true, now, 0)
	}
	for _, id := range slices.Clone(old.codes) {
		if w := j.wishes[id]; w != nil && w.live(now) {
			j.change(now, id, r.Seq, func(f *form) { f.Device = do.New })
		}
	}
}

// undo gives the codes of a receipt the form that they had before it, and the pool that it switched.
func (j *judge) undo(now time.Time, do engine.Undo, r engine.Receipt) {
	for _, id := range j.ids() {
		flips := j.devices[id].Flips
		if i := slices.IndexFunc(flips, func(f flip) bool { return f.Seq == do.Receipt }); i >= 0 {
			j.pool(id, flips[i].Was, now, r.Seq)
		}
	}
	for _, id := range j.codes() {
		w := j.wishes[id]
		i := slices.IndexFunc(w.Past, func(p past) bool { return p.Seq == do.Receipt })
		if i < 0 {
			continue
		}
		before := w.Past[i]
		j.change(now, id, r.Seq, func(f *form) {
			if before.New {
				f.Gone, f.Left = now, f.Adopt
				return
			}
			told := f.Told
			*f = before.form
			if f.Told.IsZero() {
				f.Told = told
			}
		})
	}
}

// add puts a wish into the model.
func (j *judge) add(w *wish) {
	j.wishes[w.Code] = w
	j.digits.learn(w.Told.PIN)
	j.touch(w)
}

// touch notes that a wish changed: its lock is judged again, and it is written with the next commit.
func (j *judge) touch(w *wish) {
	d := j.device(w.Device)
	d.recount = true
	if !slices.Contains(d.codes, w.Code) {
		d.codes = append(d.codes, w.Code)
	}
	for _, p := range w.Past {
		if !p.New && p.Device != w.Device {
			j.soil(j.device(p.Device))
		}
	}
	j.changed[w.Code] = true
	j.soil(d)
}

// codes lists every code of the model in order.
func (j *judge) codes() []lock.CodeID {
	ids := make([]lock.CodeID, 0, len(j.wishes))
	for id := range j.wishes {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}
