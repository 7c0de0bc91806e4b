package engine

import (
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/accesscodes/lockctl/lock"
)

const (
	clearMargin = 10 * time.Minute // how long an erase may take, for the question whether two codes meet
	maxName     = 200              // bytes
	maxMany     = 200              // doors of one create_many
	maxLive     = 500              // live codes of one lock
	codeShare   = 5                // records and events of a code that one step may write, at most
)

func (b *batch) checkCreate(do Create) (change, error) {
	c, notes, err := b.draft(do, 0, vaultPIN{})
	if err != nil {
		return change{}, err
	}
	x := b.creation([]*code{c}, notes, do)
	x.plan = func() []Moment { return b.lifeOf(b.device(c.Device), c) }
	return x, nil
}

// creation is the change that makes codes like the one that was asked for.
func (b *batch) creation(codes []*code, notes []string, like Create) change {
	x := change{receipt: Receipt{Notes: notes}, undo: &undo{Verb: "create"}}
	for _, c := range codes {
		if like.Tell {
			x.receipt.PINs = append(x.receipt.PINs, c.PIN.PIN)
		}
		x.receipt.Codes = append(x.receipt.Codes, c.ID)
		x.undo.Codes = append(x.undo.Codes, undoCode{ID: c.ID, Device: c.Device, Made: true, After: c.wish()})
	}
	x.apply = func(*Receipt) {
		for _, c := range codes {
			d := b.device(c.Device)
			b.insert(d, c)
			if like.UsePool && !d.Pool {
				d.Pool, d.dirtyConfig = true, true
			}
			b.tell("access_code.created", d, c, c.Name)
			if like.Tell && !c.PIN.IsZero() {
				b.told(c)
			}
		}
	}
	return x
}

// draft makes the code that a Create asks for, or says which rule forbids it. n tells codes of one command apart; shared is the
// PIN that its doors share, if they do.
func (b *batch) draft(do Create, n int, shared vaultPIN) (*code, []string, error) {
	d, err := b.known(do.Device, "device")
	if err != nil {
		return nil, nil, err
	}
	t := &d.Device.Traits
	c := &code{
		ID: do.ID, Device: do.Device, Name: strings.TrimSpace(do.Name), PIN: vaultPIN{do.PIN}, JIT: do.JIT,
		AllowExternal: do.AllowExternal, CommonKey: do.CommonKey, Holder: do.Holder, Created: b.now, OneTime: do.OneTime,
	}
	wished := lock.Window{From: do.Starts, To: do.Ends}.UTC()
	c.From, c.To = wished.From, wished.To
	if err := b.checkID(c, n); err != nil {
		return nil, nil, err
	}
	if err := b.checkTexts(d, c); err != nil {
		return nil, nil, err
	}
	if do.UsePool && !poolable(*t) {
		return nil, nil, refuse("not_supported_by_device", "use_backup_pool", "this lock can't keep backup codes")
	}
	if err := b.crowded(d); err != nil {
		return nil, nil, err
	}
	policy := b.e.policyOf(d)
	if err := checkTimes(c, b.now, policy); err != nil {
		return nil, nil, err
	}
	var notes []string
	if do.Offline || do.OneTime || t.OfflineOnly {
		notes, err = b.algorithmic(d, c, do, policy)
	} else {
		err = b.digits(d, c, do, shared)
	}
	if err != nil {
		return nil, nil, err
	}
	if other := d.meets(c, policy); other != nil {
		return nil, nil, duplicate(c, other)
	}
	w := d.want(b.now, c, &policy)
	c.Was = d.status(b.now, c, &w, &policy, b.e.authLost(d))
	return c, append(notes, d.remarks(b.now, c, policy)...), nil
}

// crowded says why a lock can't have one more code: all of them may change in one step, and one commit must hold that.
func (b *batch) crowded(d *device) error {
	if most := min(maxLive, b.e.limits.MaxOps/codeShare); len(d.codes) >= most {
		r := refuse("too_large", "device", "a lock has at most "+itoa(int64(most))+" live codes, and this one has them")
		r.Remedy = "delete some of them"
		return r
	}
	return nil
}

func (b *batch) checkID(c *code, n int) error {
	if c.ID == "" {
		c.ID = b.newID(n)
		return nil
	}
	if why := validID(string(c.ID)); why != "" {
		return refuse("invalid_input", "id", why)
	}
	if b.deviceOf(c.ID) != "" {
		return refuse("id_in_use", "id", "another code has the id "+quote(string(c.ID)))
	}
	return nil
}

func (b *batch) checkTexts(d *device, c *code) error {
	if len(c.Name) > maxName {
		return refuse("invalid_input", "name", "must have at most 200 bytes")
	}
	// A code that was taken over keeps the name that it had on its lock.
	if old := d.find(c.ID); (old == nil || old.Name != c.Name) && (!utf8.ValidString(c.Name) || strings.ContainsFunc(c.Name, unicode.IsControl)) {
		return refuse("invalid_input", "name", "must not hold control characters")
	}
	if c.Name != "" {
		if x := d.Device.Traits.CheckName(c.Name); x != nil {
			return refuse("invalid_input", "name", x.Message)
		}
	}
	if c.CommonKey != "" {
		if why := validID(c.CommonKey); why != "" {
			return refuse("invalid_input", "common_key", why)
		}
	}
	if slices.ContainsFunc(d.Device.Traits.Constraints, func(k lock.Constraint) bool { return k.Kind == lock.NameMustBeUnique }) {
		for _, o := range d.codes {
			if o.ID != c.ID && o.Name == c.Name && c.Name != "" {
				return refuse("invalid_input", "name", "another code of this lock has this name, and the lock wants each once")
			}
		}
	}
	return nil
}

// checkTimes judges a window by itself.
func checkTimes(c *code, now time.Time, p Policy) error {
	switch {
	case c.From.IsZero() && !c.To.IsZero():
		return refuse("invalid_window", "starts", "a code that ends needs a start")
	case p.Profile == ProfileCurrent && !c.From.IsZero() && c.To.IsZero():
		return refuse("invalid_window", "ends", "both times or neither must be given")
	case !c.To.IsZero() && !c.To.After(c.From):
		return refuse("invalid_window", "ends", "must come after the start")
	case !c.To.IsZero() && !c.To.After(now):
		return refuse("invalid_window", "ends", "must lie in the future")
	case c.To.Sub(now) > 20*365*24*time.Hour, c.From.Sub(now) > 20*365*24*time.Hour:
		return refuse("invalid_window", "ends", "must lie within twenty years")
	}
	return nil
}

// algorithmic fits a code of an offline kind: its window moves to what the lock's algorithm can express.
func (b *batch) algorithmic(d *device, c *code, do Create, p Policy) ([]string, error) {
	t := &d.Device.Traits
	kind := lock.OfflineNone
	if do.OneTime {
		kind = lock.OfflineOneTime
	}
	switch {
	case len(t.Offline) == 0 || kind != "" && !slices.Contains(t.Offline, kind):
		return nil, refuse("not_supported_by_device", "offline", "this lock has no algorithmic codes of that kind")
	case !do.PIN.IsZero():
		return nil, refuse("pin_not_allowed", "pin", "the digits of an algorithmic code are computed: leave them out")
	case c.To.IsZero() && kind != lock.OfflineOneTime:
		return nil, refuse("invalid_window", "ends", "an algorithmic code needs an end")
	}
	if kind == lock.OfflineOneTime && c.From.IsZero() {
		c.From = b.now
	}
	wished := c.window()
	kept, kind, err := t.Snap(kind, wished)
	if err != nil {
		field := "ends" // which is too near or too far
		if c.From.IsZero() || slices.Contains(t.Offline, lock.OfflineSlots) {
			field = "starts"
		}
		return nil, refuse("invalid_window", field, strings.ReplaceAll(err.Error(), "\n", "; "))
	}
	bound := do.MaxRounding
	if bound == 0 {
		bound = p.MaxRounding
	}
	loss := lock.Rounding(wished, kept)
	if loss > bound {
		return nil, refuse("rounding_too_large", "starts", "the lock would move the window by "+words(loss)+", more than "+words(bound))
	}
	c.From, c.To, c.Offline, c.OneTime = kept.From, kept.To, kind, kind == lock.OfflineOneTime
	notes := []string{"an algorithmic code can't be changed or revoked"}
	if loss > 0 {
		notes = append(notes, "the lock keeps "+d.when(kept.From)+" to "+d.when(kept.To))
	}
	if t.FirstUseWithin > 0 {
		notes = append(notes, "it dies unless it is used by "+d.when(kept.From.Add(t.FirstUseWithin)))
	}
	return notes, nil
}

// digits settles the PIN of a code: given, shared, or drawn.
func (b *batch) digits(d *device, c *code, do Create, shared vaultPIN) error {
	t := &d.Device.Traits
	if t.AssignsPIN {
		if !do.PIN.IsZero() {
			return refuse("pin_not_allowed", "pin", "the provider chooses the digits of this lock: leave them out")
		}
		return nil
	}
	if !shared.IsZero() {
		c.PIN, c.Drawn = shared, do.PIN.IsZero()
	}
	if c.CommonKey != "" {
		switch g := b.group(c.CommonKey); {
		case g.PIN.IsZero() || g.PIN == c.PIN:
		case !c.PIN.IsZero():
			return refuse("pin_not_allowed", "pin", "the codes of the common key "+quote(c.CommonKey)+" have other digits: leave them out")
		default:
			c.PIN, c.Drawn = g.PIN, true
		}
	}
	if !do.PIN.IsZero() {
		c.Told = b.now // whoever chose it knows it
	}
	if !c.PIN.IsZero() {
		if x := t.CheckPIN(c.PIN.PIN); x != nil {
			return refuse("pin_not_allowed", "pin", x.Message)
		}
		return nil
	}
	pin, ok := b.e.draw(d, string(c.ID), 0, do.PINLength)
	if !ok {
		return refuse("no_pin_left", "pin", "")
	}
	c.PIN, c.Drawn = pin, true
	return nil
}

// meets finds a live code of the device with the same digits whose reach meets that of c: each from its earliest write to its
// latest erase. A native lead counts no more than a just-in-time one, since it shrinks where it must.
func (d *device) meets(c *code, p Policy) *code {
	if c.PIN.IsZero() || c.Offline != lock.OfflineNone {
		return nil
	}
	span := func(x *code) lock.Window {
		w := lock.Window{From: x.From, To: x.over()}
		if w.From.IsZero() {
			w.From = x.Created
		}
		w.From = w.From.Add(-p.JITLead)
		if w.Bounded() {
			w.To = w.To.Add(clearMargin)
			if d.Device.Traits.CannotList {
				w.To = w.To.Add(writeOnlyRest)
			}
		}
		return w
	}
	for _, o := range d.codes {
		if o == c || o.ID == c.ID || o.PIN != c.PIN || o.Offline != lock.OfflineNone {
			continue
		}
		if !d.Device.Traits.RefusesReuse {
			if c.Holder != "" && c.Holder == o.Holder && (!o.To.IsZero() && !o.To.After(c.From) || !c.To.IsZero() && !c.To.After(o.From)) {
				continue // adjacent stays of one holder share the credential
			}
			if !span(o).Overlaps(span(c)) {
				continue
			}
		}
		return o
	}
	return nil
}

func duplicate(c, other *code) *Refusal {
	r := refuse("duplicate_access_code", "pin", "the code "+quote(string(other.ID))+" of this lock has this PIN at the same time")
	if !c.window().Overlaps(other.window()) {
		r.Message = "the code " + quote(string(other.ID)) + " of this lock has this PIN, and the two would meet on the lock"
	}
	r.Other = other.ID
	return r
}

// remarks are what an operator should know of a code before it is made.
func (d *device) remarks(now time.Time, c *code, p Policy) []string {
	if c.Offline != lock.OfflineNone || c.Spare {
		return nil
	}
	var notes []string
	w := d.deliver(now, c, &p)
	switch {
	case w.Native:
		if due := w.Due; due.After(now) {
			notes = append(notes, "loaded onto the lock "+d.when(due)+"; the lock itself turns it on and off")
		}
		kept := c.window().Grain(d.Device.Traits.Granularity)
		if lock.Rounding(c.window(), kept) > 0 && c.kind() == TimeBound {
			notes = append(notes, "the lock keeps whole minutes: it ends "+d.when(kept.To))
		}
	case c.From.After(now):
		due := w.Due
		if w.Holds.After(due) {
			due = w.Holds
			notes = append(notes, "not written before "+d.when(due)+": the guest before is still in")
		} else if due.Before(c.From) {
			notes = append(notes, "written "+d.when(due)+"; it may open the door from then on")
		}
	}
	if w.Issue != "" {
		notes = append(notes, "just in time instead of by the lock's own schedule: "+w.Why)
	}
	if c.kind() == TimeBound && !d.Device.Traits.NativeSchedule {
		notes = append(notes, "it must be erased at its end: while the lock is out of reach it would stay open")
	}
	return notes
}
