package engine

import (
	"strings"
	"time"

	"github.com/accesscodes/lockctl/lock"
)

// revise checks a new wish for a code. Nothing is changed but by the function that it returns, and the digits of w, which
// follow where they are free.
func (b *batch) revise(d *device, c *code, w *wish, acceptGap bool) (func(), []string, error) {
	t := &d.Device.Traits
	if c.Offline != lock.OfflineNone && (w.From != c.From || w.To != c.To || w.PIN != c.PIN) {
		return nil, nil, refuse("irrevocable", "", "")
	}
	policy := b.e.policyOf(d)
	next := *c
	next.Places = nil
	next.grant(*w)
	next.Contended, next.Honoured, next.NoNative = time.Time{}, false, ""
	if err := b.checkTexts(d, &next); err != nil {
		return nil, nil, err
	}
	if err := checkTimes(&next, b.now, policy); err != nil {
		return nil, nil, err
	}
	if w.PIN != c.PIN {
		if t.AssignsPIN {
			return nil, nil, refuse("pin_not_allowed", "pin", "the provider chooses the digits of this lock")
		}
		if x := t.CheckPIN(w.PIN.PIN); x != nil {
			return nil, nil, refuse("pin_not_allowed", "pin", x.Message)
		}
	}
	follows := false
	if w.PIN != c.PIN || !next.window().Equal(c.window()) {
		if other := d.meets(&next, policy); other != nil {
			if w.PIN != c.PIN || !c.free() {
				return nil, nil, duplicate(&next, other)
			}
			pin, ok := b.e.draw(d, string(c.ID), c.Draws+1, c.PIN.Len())
			if !ok {
				return nil, nil, duplicate(&next, other)
			}
			w.PIN, next.PIN, follows = pin, pin, true
		}
	}
	notes := d.remarks(b.now, &next, policy)
	if gap := d.gap(b.now, c, &next, policy); gap > 0 {
		if !acceptGap {
			r := refuse("gap_not_accepted", "accept_gap", "the lock must erase and write the code anew: about "+words(gap)+" without it, while somebody may be in-house")
			return nil, nil, r
		}
		notes = append(notes, "the code is away from the lock for about "+words(gap))
	}
	return func() {
		before, told := c.wish(), c.Told
		c.grant(*w)
		if before.From != w.From || before.To != w.To || before.PIN != w.PIN {
			c.Wished = b.now
		}
		switch {
		case follows:
			c.Draws++
		case before.PIN != w.PIN:
			c.Drawn, c.Told = false, b.now // whoever chose the digits knows them
		}
		c.AcceptGap = acceptGap
		c.Refused, c.NextTry, c.NoNative, c.Attempts, c.Honoured = "", time.Time{}, "", 0, false
		c.Contended, c.Undone = time.Time{}, nil
		b.lower(d, c, "rejected_by_device", "duplicate_code_on_device", "needs_new_pin", "contended", "change_refused", "external_modification_in_effect")
		b.changing(d, c, before, told, *w)
		if c.Pulled != "" && before.To != w.To {
			if s := d.find(c.Pulled); s != nil {
				s.To, s.dirty = w.To, true
			}
		}
	}, notes, nil
}

// changing remembers what the lock has yet to take, and what stands on it meanwhile.
func (b *batch) changing(d *device, c *code, before wish, told time.Time, w wish) {
	var what []string
	if before.Name != w.Name {
		what = append(what, "name")
	}
	if before.PIN != w.PIN {
		what = append(what, "code")
	}
	if before.From != w.From || before.To != w.To {
		what = append(what, "time_frame")
	}
	if len(what) == 0 {
		return
	}
	asked := make([]MutationCode, len(what))
	for i, x := range what {
		asked[i] = mutation(x)
	}
	b.event(Event{
		Type: "access_code.mutations_requested", Account: d.Device.Account, Device: d.id(), Code: c.ID, Mutations: asked, Text: "updating " + strings.Join(what, ", "),
	})
	if len(c.Places) == 0 {
		return
	}
	if c.Prior == nil {
		c.Prior, c.PriorTold = &before, told
	}
	for _, x := range what {
		found := false
		for _, y := range c.Changing {
			found = found || x == y
		}
		if !found {
			c.Changing = append(c.Changing, x)
		}
	}
}

// gap is how long a change would take the code off its lock while somebody relies on it; 0: not at all.
func (d *device) gap(now time.Time, c, next *code, p Policy) time.Duration {
	t := &d.Device.Traits
	if !c.inHouse(now) || t.UpdatesInPlace || !next.window().Contains(now) {
		return 0
	}
	w := d.want(now, next, &p)
	for i := range c.Places {
		if p := &c.Places[i]; p.Cleared.IsZero() && w.holds(p, t) {
			return 0
		}
	}
	if len(c.Places) == 0 || next.PIN != c.PIN && d.free() > 0 {
		return 0
	}
	return d.Pace.Clear + d.Pace.Set + 2*time.Second
}

// changes bundles the revision of one or more codes into a change.
func (b *batch) changes(verb string, ids []lock.CodeID, acceptGap bool, edit func(c *code, w *wish) error) (change, error) {
	x := change{undo: &undo{Verb: verb}}
	var steps []func()
	for _, id := range ids {
		d, c, err := b.live(id)
		if err != nil {
			return change{}, err
		}
		if c.unpulled() {
			return change{}, refuse("invalid_input", "code", "a spare is renewed by itself")
		}
		w := c.wish()
		if err := edit(c, &w); err != nil {
			return change{}, err
		}
		step, notes, err := b.revise(d, c, &w, acceptGap)
		if err != nil {
			return change{}, err
		}
		steps = append(steps, step)
		x.receipt.Codes = append(x.receipt.Codes, id)
		x.receipt.Notes = append(x.receipt.Notes, notes...)
		x.undo.Codes = append(x.undo.Codes, undoCode{ID: id, Device: d.id(), Before: c.wish(), After: w})
		if len(ids) == 1 {
			x.plan = b.planned(d, c, w)
		}
	}
	x.apply = func(*Receipt) {
		for _, step := range steps {
			step()
		}
	}
	return x, nil
}

func (b *batch) checkUpdate(do Update) (change, error) {
	if do.Ongoing && (do.Starts != nil || do.Ends != nil) {
		return change{}, refuse("invalid_window", "ends", "an ongoing code has no times")
	}
	x, err := b.changes("update", []lock.CodeID{do.Code}, do.AcceptGap, func(c *code, w *wish) error {
		if do.Name != nil {
			w.Name = strings.TrimSpace(*do.Name)
		}
		if do.PIN != nil {
			if do.PIN.IsZero() {
				return refuse("pin_not_allowed", "pin", "must not be empty")
			}
			w.PIN = vaultPIN{*do.PIN}
		}
		retime(w, do.Starts, do.Ends)
		if do.Ongoing {
			w.From, w.To = time.Time{}, time.Time{}
		}
		if do.JIT != nil {
			w.JIT = *do.JIT
		}
		if do.AllowExternal != nil {
			w.AllowExternal = *do.AllowExternal
		}
		return nil
	})
	if err != nil || !do.UsePool {
		return x, err
	}
	pool, err := b.checkPool(SetPool{Device: b.deviceOf(do.Code), On: true})
	if err != nil {
		return change{}, refuse("not_supported_by_device", "use_backup_pool", "this lock can't keep backup codes")
	}
	apply := x.apply
	x.apply = func(r *Receipt) {
		apply(r)
		pool.apply(r)
	}
	return x, nil
}

func retime(w *wish, starts, ends *time.Time) {
	if starts != nil {
		w.From = lock.Window{From: *starts}.UTC().From
	}
	if ends != nil {
		w.To = lock.Window{To: *ends}.UTC().To
	}
}

func (b *batch) checkUpdateMany(do UpdateMany) (change, error) {
	if do.CommonKey == "" {
		return change{}, refuse("invalid_input", "common_key", "must not be empty")
	}
	var ids []lock.CodeID
	for _, id := range b.group(do.CommonKey).Codes {
		if _, c := b.code(id); c != nil && !c.isOver(b.now) {
			ids = append(ids, id)
		}
	}
	if len(ids) == 0 {
		return change{}, refuse("access_code_not_found", "common_key", "no live code has the common key "+quote(do.CommonKey))
	}
	return b.changes("update_many", ids, do.AcceptGap, func(c *code, w *wish) error {
		if do.Name != nil {
			w.Name = strings.TrimSpace(*do.Name)
		}
		retime(w, do.Starts, do.Ends)
		return nil
	})
}

func (b *batch) checkConvert(do Convert) (change, error) {
	return b.changes("convert", []lock.CodeID{do.Code}, do.AcceptGap, func(c *code, w *wish) error {
		if do.Ongoing {
			if !do.Starts.IsZero() || !do.Ends.IsZero() {
				return refuse("invalid_window", "ends", "an ongoing code has no times")
			}
			w.From, w.To = time.Time{}, time.Time{}
			return nil
		}
		if do.Starts.IsZero() || do.Ends.IsZero() {
			return refuse("invalid_window", "ends", "a time-bound code needs both times")
		}
		retime(w, &do.Starts, &do.Ends)
		return nil
	})
}

func (b *batch) checkRotate(do Rotate) (change, error) {
	x, err := b.changes("rotate", []lock.CodeID{do.Code}, do.AcceptGap, func(c *code, w *wish) error {
		if c.Offline != lock.OfflineNone {
			return refuse("irrevocable", "code", "")
		}
		if !do.PIN.IsZero() {
			w.PIN = vaultPIN{do.PIN}
			return nil
		}
		d := b.device(c.Device)
		if d.Device.Traits.AssignsPIN {
			return refuse("not_supported_by_device", "code", "the provider chooses the digits of this lock: delete the code and create another")
		}
		pin, ok := b.e.draw(d, string(c.ID), int(b.seq), c.PIN.Len())
		if !ok {
			return refuse("no_pin_left", "code", "")
		}
		w.PIN = pin
		return nil
	})
	if err != nil {
		return change{}, err
	}
	x.undo = nil
	apply := x.apply
	x.apply = func(r *Receipt) {
		apply(r)
		_, c := b.code(do.Code)
		c.Drawn, c.Told, c.Leaked = do.PIN.IsZero(), time.Time{}, false
		if !do.PIN.IsZero() {
			c.Told = b.now
		}
	}
	return x, nil
}
