package engine

import (
	"errors"
	"time"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/lock"
)

// The types of this file are both what the engine thinks with and what the store keeps, as JSON. Pointers and slices
// of a loaded device belong to the batch that loaded it.

// vaultPIN is a PIN on its way to the store: it prints dots like any PIN and marshals to its digits, for the store is the
// vault.
type vaultPIN struct{ lock.PIN }

func (p vaultPIN) MarshalText() ([]byte, error) { return []byte(p.Reveal()), nil }

func (p *vaultPIN) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		p.PIN = lock.PIN{}
		return nil
	}
	pin, err := lock.ParsePIN(string(text))
	p.PIN = pin
	return err
}

// config is what the operator decided about a device: dev/<device>.
type config struct {
	Device  lock.Device
	Added   time.Time     `json:",omitzero"` // zero: before that was kept
	Pool    bool          `json:",omitzero"`
	Policy  PolicyPatch   `json:",omitzero"`
	Removed time.Time     `json:",omitzero"` // retired: what is ours is erased, nothing is written
	Replace lock.DeviceID `json:",omitzero"` // the device that took over
}

// run is what goes on with a device: run/<device>. It is written by nearly every step, and its revision guards all
// records of the device.
type run struct {
	Wake     time.Time     `json:",omitzero"`
	Why      string        `json:",omitzero"` // why that wake
	Flight   *flight       `json:",omitzero"`
	Calls    int64         `json:",omitzero"` // numbers CallIDs
	Failures int           `json:",omitzero"` // consecutive, of the device itself
	Refusals int           `json:",omitzero"` // consecutive definite ones
	Lost     bool          `json:",omitzero"` // a call was lost on the way to the lock since its last answer
	Answers  uint32        `json:",omitzero"` // the last 32 answers, a bit each: whether it took more than one try
	RetryAt  time.Time     `json:",omitzero"` // backing off until then
	FailedAt time.Time     `json:",omitzero"` // last failed call
	Down     time.Time     `json:",omitzero"` // unreachable since
	Reach    lock.Reach    `json:",omitzero"` // how far the last call came
	Look     look          `json:",omitzero"`
	Stale    time.Time     `json:",omitzero"` // something may have happened that only a look can tell: from when on that comes before all else
	Doubts   int           `json:",omitzero"` // looks in a row that could not tell
	Asked    time.Time     `json:",omitzero"` // somebody, or the vendor, asked for a look; since
	Aged     time.Time     `json:",omitzero"` // evidence older than this has fallen back
	Locked   time.Time     `json:",omitzero"` // wrong tries have locked the keypad until then, by what its model is known for
	Denied   time.Time     `json:",omitzero"` // somebody typed digits that the lock does not know, last
	Distrust string        `json:",omitzero"` // the native schedule is not obeyed: the issue that says so
	Parked   bool          `json:",omitzero"` // a bug met here: left alone
	Gate     string        `json:",omitzero"` // the link whose breaker holds it back
	Radio    Radio         `json:",omitzero"`
	Pace     pace          `json:",omitzero"`
	Orphans  []place       `json:",omitzero"` // ours, or decided upon, but of no live code: to be erased
	Erased   past          `json:",omitzero"` // what counts as gone by the word of a cloud, newest last
	Mislaid  past          `json:",omitzero"` // written, and gone by a list alone: listed again it is ours; newest last
	Spares   int           `json:",omitzero"` // numbers spare codes
	Exposure time.Duration `json:",omitzero"` // of codes that are gone
	Issues   []Issue       `json:",omitzero"`
	Row      summary       `json:",omitzero"`
}

// pace is how long this device's last calls took: what a gap is told by.
type pace struct{ Set, Clear time.Duration }

// look is the last observation that reached the lock, without what it held.
type look struct {
	At      time.Time     `json:",omitzero"`
	Listed  bool          `json:",omitzero"` // it brought a list
	Source  lock.Source   `json:",omitzero"`
	Offset  time.Duration `json:",omitzero"` // the lock's clock minus ours
	Clock   bool          `json:",omitzero"` // it told its clock
	Zone    string        `json:",omitzero"`
	Battery lock.Battery  `json:",omitzero"`
	Modes   []lock.Mode   `json:",omitzero"`
	Cursor  lock.Cursor   `json:",omitzero"`
}

// entry is one thing that the lock holds, as last seen: held/<device>.
type entry struct {
	Ref     lock.Ref    `json:",omitzero"`
	Tag     string      `json:",omitzero"`
	Name    string      `json:",omitzero"`
	PIN     vaultPIN    `json:",omitzero"`
	Window  lock.Window `json:",omitzero"`
	Weekly  string      `json:",omitzero"` // as of lock.Held
	Enabled bool        `json:",omitzero"`
	Slot    int         `json:",omitzero"`
	Code    lock.CodeID `json:",omitzero"` // whose it is; "": unmanaged
	Ours    bool        `json:",omitzero"` // a code's or an orphan's
	Waits   bool        `json:",omitzero"` // ours, and to be an orphan once there are fewer
}

// ghost reports whether the entry occupies a slot without being anything: a lock that shows digits shows none there, nor a
// name.
func (x entry) ghost(t lock.Traits) bool {
	return x.PIN.IsZero() && !t.HidesPIN && !t.AssignsPIN && x.Name == "" && x.Tag == "" && x.Window.IsZero()
}

// flight is the call under way.
type flight struct {
	ID       CallID
	Verb     CallVerb
	Code     lock.CodeID `json:",omitzero"`
	Place    int         `json:",omitzero"`
	Since    time.Time
	Deadline time.Time
	Reason   string
	For      lock.CodeID `json:",omitzero"` // of an erase: whom it makes room for
	InPlace  bool        `json:",omitzero"` // a set that changes what the place holds
	New      *place      `json:",omitzero"` // of a set in place: what the place becomes
}

// place is one credential of a code on its lock: asked for, perhaps there, or on its way out. A code has at most two, and two
// only while one replaces the other.
type place struct {
	ID       int
	Ref      lock.Ref      `json:",omitzero"`
	Given    lock.Ref      `json:",omitzero"` // the handle that its write answered with, while lists show it under another, which may be of before
	Was      lock.Ref      `json:",omitzero"` // the handle that it had before a write in place answered with another; its own, if it is what such a write has replaced
	Slot     int           `json:",omitzero"`
	Tag      string        `json:",omitzero"` // that it may go by on the lock, of the code that it was handed over from; "": the code's own
	PIN      vaultPIN      `json:",omitzero"`
	Hand     bool          `json:",omitzero"` // the digits are those that a hand gave it
	Name     string        `json:",omitzero"`
	Window   lock.Window   `json:",omitzero"` // as given to the lock; zero: none
	Weekly   string        `json:",omitzero"` // times of the week at which hands have let it open; "": all
	Native   bool          `json:",omitzero"` // loaded ahead, to be turned on by the lock itself
	Enabled  bool          `json:",omitzero"`
	Wrote    time.Time     `json:",omitzero"` // the write was decided
	Accepted time.Time     `json:",omitzero"` // the cloud, or the lock, said yes
	Seen     time.Time     `json:",omitzero"` // last listed
	Reported time.Time     `json:",omitzero"` // last read back from the lock itself
	Used     time.Time     `json:",omitzero"` // last opened the door
	Missed   time.Time     `json:",omitzero"` // absent from a cloud's list, once
	Doubt    bool          `json:",omitzero"` // a write or erase may have happened
	Astray   time.Time     `json:",omitzero"` // where nothing is listed: the last write of which nobody knows whether it happened was sent
	Kept     bool          `json:",omitzero"` // it served, and a change in place that left the digits, or a cloud's list that lacks it once, is no proof that it does not
	Pending  bool          `json:",omitzero"` // the cloud itself calls it not yet on the lock
	Due      time.Time     `json:",omitzero"` // of one pending: from then on a look can tell what holds it up
	Disabled bool          `json:",omitzero"` // switched off in the vendor's app
	Looks    int           `json:",omitzero"` // looks since it was accepted that could not confirm it
	Clears   int           `json:",omitzero"` // erases that were accepted
	Cleared  time.Time     `json:",omitzero"` // the last of them
	ClearErr int           `json:",omitzero"` // erases that were refused, or of an orphan: or were in doubt
	Blanked  bool          `json:",omitzero"` // overwritten with digits that nobody knows, since it can't be erased
	Shut     time.Duration `json:",omitzero"` // exposure that the overwrite is held to have ended
	Tried    time.Time     `json:",omitzero"` // the last erase was sent
	Again    time.Time     `json:",omitzero"` // since when it stands once more, after it counted as gone: exposure up to then is in the books
	Told     bool          `json:",omitzero"` // scheduled_on_device was told
	Over     time.Time     `json:",omitzero"` // for an orphan: since when it should be gone
}

// code is an access code: what is wished, and how far it is. code/<device>/<code>, or hist/<device>/<code> when gone.
type code struct {
	ID            lock.CodeID
	Device        lock.DeviceID
	Name          string           `json:",omitzero"`
	PIN           vaultPIN         `json:",omitzero"`
	From, To      time.Time        `json:",omitzero"`
	JIT           bool             `json:",omitzero"`
	AllowExternal bool             `json:",omitzero"`
	CommonKey     string           `json:",omitzero"`
	Holder        string           `json:",omitzero"`
	Offline       lock.OfflineKind `json:",omitzero"`
	OneTime       bool             `json:",omitzero"`
	Spare         bool             `json:",omitzero"` // a member of the backup pool
	Drawn         bool             `json:",omitzero"` // the digits were drawn, not given
	Draws         int              `json:",omitzero"`
	Created       time.Time
	Wished        time.Time   `json:",omitzero"` // the wish took its present form; zero: when it was created
	Told          time.Time   `json:",omitzero"`
	Deleted       time.Time   `json:",omitzero"`
	Leaked        bool        `json:",omitzero"`
	Gone          time.Time   `json:",omitzero"`
	PulledFor     lock.CodeID `json:",omitzero"`
	Pulled        lock.CodeID `json:",omitzero"`
	AcceptGap     bool        `json:",omitzero"`
	Changing      []string    `json:",omitzero"` // what the lock has yet to take: name, code, time_frame
	Prior         *wish       `json:",omitzero"` // what stands on the lock meanwhile, to go back to
	PriorTold     time.Time   `json:",omitzero"` // when the digits of that were told

	Places    []place       `json:",omitzero"`
	PlaceNo   int           `json:",omitzero"`
	Written   bool          `json:",omitzero"` // it has stood on the lock
	Attempts  int           `json:",omitzero"` // consecutive failures of this code's own writes
	NextTry   time.Time     `json:",omitzero"`
	Refused   string        `json:",omitzero"` // fingerprint of the credential that the lock refused for good
	NoNative  string        `json:",omitzero"` // the lock refused its schedule: why
	Crowded   bool          `json:",omitzero"` // the lock called itself full for it, whatever the book of its slots says: one other may make room
	Honoured  bool          `json:",omitzero"` // an outside removal or change is accepted
	Stood     int           `json:",omitzero"` // the slot that it was removed from: it is given to others last, should the list have lied
	Theirs    vaultPIN      `json:",omitzero"` // and the digits, if a hand had given it those: an entry that has them may be theirs
	Undone    []time.Time   `json:",omitzero"` // outside changes that were corrected
	Contended time.Time     `json:",omitzero"` // corrections rest since
	Was       Status        `json:",omitzero"` // last status told
	Before    Status        `json:",omitzero"` // while that is unknown: the one before it
	Past      time.Duration `json:",omitzero"` // exposure that is over
	Unproven  bool          `json:",omitzero"` // the erase could not be confirmed
	Issues    []Issue       `json:",omitzero"`

	dirty bool
	tag   string // tagOf its id, once it was asked for
	key   string // keyCode, likewise
}

// wish is the part of a code that an operator can change.
type wish struct {
	Name          string    `json:",omitzero"`
	PIN           vaultPIN  `json:",omitzero"`
	From, To      time.Time `json:",omitzero"`
	JIT           bool      `json:",omitzero"`
	AllowExternal bool      `json:",omitzero"`
	Deleted       time.Time `json:",omitzero"`
}

func (c *code) wish() wish {
	return wish{c.Name, c.PIN, c.From, c.To, c.JIT, c.AllowExternal, c.Deleted}
}

func (c *code) grant(w wish) {
	c.Name, c.PIN, c.From, c.To, c.JIT, c.AllowExternal, c.Deleted = w.Name, w.PIN, w.From, w.To, w.JIT, w.AllowExternal, w.Deleted
	c.dirty = true
}

// keyOn is the key of its record on the device that it is on.
func (c *code) keyOn(d *device) string {
	if c.key == "" {
		c.key = keyCode(d.id(), c.ID)
	}
	return c.key
}

func (c *code) window() lock.Window { return lock.Window{From: c.From, To: c.To} }

func (c *code) kind() CodeType {
	if c.To.IsZero() {
		return Ongoing
	}
	return TimeBound
}

// free reports whether the digits may follow what happens to the code: they were drawn, nobody was told them and no other door
// shares them.
func (c *code) free() bool { return c.Drawn && c.Told.IsZero() && c.CommonKey == "" }

// unpulled reports whether the code is a spare that still waits in the pool.
func (c *code) unpulled() bool { return c.Spare && c.PulledFor == "" }

// over is the instant from which the code should not open: its end, or its withdrawal if that came first.
func (c *code) over() time.Time {
	switch {
	case c.Deleted.IsZero():
		return c.To
	case c.To.IsZero() || c.Deleted.Before(c.To):
		return c.Deleted
	}
	return c.To
}

// isOver reports whether the code should not open any more.
func (c *code) isOver(now time.Time) bool {
	end := c.over()
	return !end.IsZero() && !now.Before(end)
}

// inHouse reports whether somebody relies on the code right now.
func (c *code) inHouse(now time.Time) bool {
	return !c.Told.IsZero() && c.Deleted.IsZero() && c.window().Contains(now)
}

func (c *code) place(id int) *place {
	for i := range c.Places {
		if c.Places[i].ID == id {
			return &c.Places[i]
		}
	}
	return nil
}

func (c *code) dropPlace(id int) {
	for i := range c.Places {
		if c.Places[i].ID == id {
			c.Places = append(c.Places[:i], c.Places[i+1:]...)
			c.dirty = true
			return
		}
	}
}

// raise puts the issue on the code unless one of its code is there; then only its changed texts are renewed. It reports
// whether it is new.
func (c *code) raise(i Issue) bool {
	isNew, changed := raise(&c.Issues, i)
	c.dirty = c.dirty || changed
	return isNew
}

func (c *code) lower(codes ...string) {
	for _, k := range codes {
		if lower(&c.Issues, k) {
			c.dirty = true
		}
	}
}

func raise(list *[]Issue, i Issue) (isNew, changed bool) {
	for k := range *list {
		if o := &(*list)[k]; o.Code == i.Code {
			i.Since = o.Since
			if *o == i {
				return false, false
			}
			*o = i
			return false, true
		}
	}
	*list = append(*list, i)
	return true, true
}

func lower(list *[]Issue, code string) bool {
	for k := range *list {
		if (*list)[k].Code == code {
			*list = append((*list)[:k:k], (*list)[k+1:]...)
			return true
		}
	}
	return false
}

func has(list []Issue, code string) bool {
	for k := range list {
		if list[k].Code == code {
			return true
		}
	}
	return false
}

// errMisplaced is why a record that reads is no good: it belongs under another key.
var errMisplaced = errors.New("it is another's")

// keyed is a record that tells under which key it belongs.
type keyed interface{ under(key string) bool }

func (c *config) under(key string) bool { return key == keyConfig(c.Device.ID) }
func (c *code) under(key string) bool {
	return key == keyCode(c.Device, c.ID) || key == keyHistory(c.Device, c.ID)
}
func (e *Event) under(key string) bool { return key == keyEvent(e.Seq) }

// bounded is a record of values that a command could have brought only within their bounds: beyond them thinking may never end.
type bounded interface{ bounds() error }

func (c *config) bounds() error {
	if err := checkDevice(c.Device); err != nil {
		return err
	}
	return c.Policy.bounds()
}

func decode[T any](key string, val []byte) (T, error) {
	var v T
	err := decodeTo(&v, key, val)
	return v, err
}

// decodeTo reads a record into a v that is zero.
func decodeTo[T any](v *T, key string, val []byte) error {
	if err := unmarshal(val, v); err != nil {
		return &recordError{key, err}
	}
	if k, ok := any(v).(keyed); ok && !k.under(key) {
		return &recordError{key, errMisplaced}
	}
	if b, ok := any(v).(bounded); ok {
		if err := b.bounds(); err != nil {
			return &recordError{key, err}
		}
	}
	return nil
}

// blameOf tells which layer a reach short of the lock points at.
func blameOf(r lock.Reach) driver.Blame {
	switch r {
	case lock.HubDown:
		return driver.BlameHub
	case lock.AccountDown:
		return driver.BlameAccount
	}
	return driver.BlameLock
}
