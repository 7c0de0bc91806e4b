package schlage

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/lock"
)

// What the API says, as far as it is read.
type (
	device struct {
		ID         string `json:"deviceId"`
		Name       string `json:"name"`
		Model      string `json:"modelName"`
		Type       string `json:"devicetypeId"`
		CAT        string `json:"CAT"`
		Connected  bool   `json:"connected"`
		Attributes struct {
			Level  *float64 `json:"batteryLevel"` // percent
			Low    int      `json:"batteryLowState"`
			Length int      `json:"accessCodeLength"`
			Most   int      `json:"maxUserCodes"`
		} `json:"attributes"`
	}
	person struct {
		Identity string `json:"identityId"`
	}
	logLine struct {
		ID      string    `json:"logId"`
		Created time.Time `json:"createdAt"`
		Message struct {
			Code     int    `json:"eventCode"`
			Accessor string `json:"accessorUuid"`
			Seconds  int64  `json:"secondsSinceEpoch"`
		} `json:"message"`
	}
	// detail is the body of most refusals.
	detail struct {
		Message string `json:"message"`
	}
)

// accessCode is a code in both directions.
type accessCode struct {
	ID         string    `json:"accesscodeId,omitempty"`
	Name       string    `json:"friendlyName"`
	Digits     digits    `json:"accessCode"`
	Length     int       `json:"accessCodeLength"`
	Notify     int       `json:"notificationEnabled"`
	Disabled   int       `json:"disabled"`
	Activation int64     `json:"activationSecs"`
	Expiration int64     `json:"expirationSecs"`
	Schedule1  schedule  `json:"schedule1"`
	Schedule2  *schedule `json:"schedule2,omitempty"`

	raw json.RawMessage // as it was listed
}

// schedule is a window that comes back every week.
type schedule struct {
	Days        string `json:"daysOfWeek"` // hexadecimal bits, 40 is Sunday, 1 is Saturday
	StartHour   int    `json:"startHour"`
	StartMinute int    `json:"startMinute"`
	EndHour     int    `json:"endHour"`
	EndMinute   int    `json:"endMinute"`
}

// always is the schedule of a code that follows no week.
func always() schedule { return schedule{Days: "7F", EndHour: 23, EndMinute: 59} }

const (
	forever = math.MaxUint32 // as an expiration
	sense   = "be479"        // the type of the lock that goes through a gateway
	nobody  = "ffffffff-ffff-ffff-ffff-ffffffffffff"
	nameMax = 12
)

// digits are written as a number, because the vendor does. What is read may be masked, which is no number.
type digits struct {
	n  int64
	ok bool
}

// MarshalJSON implements json.Marshaler.
func (d digits) MarshalJSON() ([]byte, error) { return strconv.AppendInt(nil, d.n, 10), nil }

// UnmarshalJSON implements json.Unmarshaler.
func (d *digits) UnmarshalJSON(text []byte) error {
	n, err := strconv.ParseInt(string(bytes.Trim(text, `"`)), 10, 64)
	*d = digits{n, err == nil && n >= 0}
	return nil
}

// Format keeps digits out of whatever is printed.
func (digits) Format(f fmt.State, _ rune) { fmt.Fprint(f, "••••") }

// UnmarshalJSON implements json.Unmarshaler; the code remembers how it was told.
func (c *accessCode) UnmarshalJSON(text []byte) error {
	type plain accessCode
	if err := json.Unmarshal(text, (*plain)(c)); err != nil {
		return err
	}
	c.raw = bytes.Clone(text)
	return nil
}

// pin is the code's digits; zero: they can't be read.
func (c *accessCode) pin() lock.PIN {
	text := strconv.FormatInt(c.Digits.n, 10)
	if !c.Digits.ok || len(text) > c.Length || c.Length > lock.MaxPIN {
		return lock.PIN{}
	}
	pin, err := lock.ParsePIN(strings.Repeat("0", c.Length-len(text)) + text)
	if err != nil {
		return lock.PIN{}
	}
	return pin
}

// codeOf is what the vendor is told of a credential, whose PIN and window were found good.
func codeOf(want *lock.Credential) accessCode {
	n, err := strconv.ParseInt(want.PIN.Reveal(), 10, 64)
	x := accessCode{Name: label(want.Tag, want.Name), Digits: digits{n, err == nil}, Length: want.PIN.Len(), Expiration: forever, Schedule1: always()}
	if !want.Enabled {
		x.Disabled = 1
	}
	w := want.Window.Grain(grain)
	if !w.From.IsZero() {
		x.Activation = w.From.Unix()
	}
	if w.Bounded() {
		x.Expiration = w.To.Unix()
	}
	return x
}

// days of the week, of a schedule; false: they can't be read. The highest bit is Sunday, the lowest Saturday.
func (s schedule) days() (names []string, ok bool) {
	bits, err := strconv.ParseUint(s.Days, 16, 8)
	for i, name := range [...]string{"Mo", "Tu", "We", "Th", "Fr", "Sa", "Su"} {
		if bits>>((12-i)%7)&1 == 1 {
			names = append(names, name)
		}
	}
	return names, err == nil && bits <= 0x7F && len(names) > 0
}

// constant reports whether the schedule leaves no time out.
func (s schedule) constant() bool {
	days, ok := s.days()
	s.Days = always().Days
	return ok && len(days) == 7 && s == always()
}

// words tell a schedule, as in "Mo,We 09:00-17:00".
func (s schedule) words() string {
	days, ok := s.days()
	if !ok {
		days = []string{"on days that can't be read"}
	}
	return fmt.Sprintf("%s %02d:%02d-%02d:%02d", strings.Join(days, ","), s.StartHour, s.StartMinute, s.EndHour, s.EndMinute)
}

// weekly tells when in the week a code opens; "": at all times.
func (c *accessCode) weekly() string {
	one := c.Schedule1.constant() || c.Schedule1 == schedule{} // it is not told
	two := c.Schedule2 == nil || c.Schedule2.constant()
	switch {
	case one && two:
		return ""
	case two:
		return c.Schedule1.words()
	case one:
		return c.Schedule2.words()
	}
	return c.Schedule1.words() + ", " + c.Schedule2.words()
}

// held is how the driver tells of a code.
func (c *accessCode) held() lock.Held {
	h := lock.Held{Ref: lock.Ref(c.ID), PIN: c.pin(), Weekly: c.weekly(), Enabled: c.Disabled == 0}
	h.Tag, h.Name = unlabel(c.Name)
	if c.Activation > 0 {
		h.Window.From = time.Unix(c.Activation, 0).UTC()
	}
	if c.Expiration < forever {
		h.Window.To = time.Unix(c.Expiration, 0).UTC()
	}
	return h
}

// Names have twelve letters and digits, by one of the vendor's documents. So a code of ours has its tag for a name, which nothing is put
// behind.

func label(tag, name string) string {
	if tag != "" {
		name = tag
	}
	return driver.Label("", name, nameMax)
}

func unlabel(label string) (tag, name string) {
	if label != "" && strings.Trim(label, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") == "" {
		return label, label
	}
	return "", label
}

// The codes of events that matter here.
const (
	lockedByKeypad   = 1
	unlockedByKeypad = 2
	lockedByTurn     = 3
	unlockedByTurn   = 4
	lockedByButton   = 5
	lockedByApp      = 6
	unlockedByApp    = 7
	lockedByTime     = 8
	unlockedByTime   = 9
	keypadDisabled   = 11
	alarm            = 12
	unlockedByApple  = 52
	lockedByApple    = 53
)

// entry is how the driver tells of a line of the log; false: it is about something else than a door.
func (l *logLine) entry() (lock.Entry, bool) {
	e := lock.Entry{ID: l.ID, At: l.at()}
	switch l.Message.Code {
	case unlockedByKeypad:
		e.Kind = lock.Opened
		if l.Message.Accessor != nobody {
			e.Ref = lock.Ref(l.Message.Accessor)
		}
	case unlockedByTurn, unlockedByApp, unlockedByTime, unlockedByApple:
		e.Kind = lock.Opened
	case lockedByKeypad, lockedByTurn, lockedByButton, lockedByApp, lockedByTime, lockedByApple:
		e.Kind = lock.Locked
	case keypadDisabled:
		e.Kind, e.Reason = lock.Denied, "too_many_attempts"
	case alarm:
		e.Kind = lock.Tampered
	default:
		return e, false
	}
	return e, true
}

// at is when it happened by the lock's clock, or else when the vendor heard of it.
func (l *logLine) at() time.Time {
	if l.Message.Seconds > 0 && l.Message.Seconds < forever {
		return time.Unix(l.Message.Seconds, 0).UTC()
	}
	return l.Created.UTC()
}
