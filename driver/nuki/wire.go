package nuki

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/lock"
)

// What the API says, as far as it is read.
type (
	smartlock struct {
		ID          int64  `json:"smartlockId"`
		Type        int    `json:"type"` // 0 lock, 1 box, 2 opener, 3 door, 4 lock of the third generation and later
		Name        string `json:"name"`
		ServerState int    `json:"serverState"`
		Config      struct {
			Keypad  bool `json:"keypadPaired"`
			Keypad2 bool `json:"keypad2Paired"`
		} `json:"config"`
		State struct {
			Charge         *float64 `json:"batteryCharge"` // percent
			Critical       bool     `json:"batteryCritical"`
			KeypadCritical bool     `json:"keypadBatteryCritical"`
		} `json:"state"`
	}
	auth struct {
		ID        string     `json:"id"`
		Type      int        `json:"type"`
		Name      string     `json:"name"`
		Code      digits     `json:"code"`
		Enabled   bool       `json:"enabled"`
		From      *time.Time `json:"allowedFromDate"`
		Until     *time.Time `json:"allowedUntilDate"`
		Operation string     `json:"operationId"`
		Failed    string     `json:"error"`
	}
	logEntry struct {
		ID      string    `json:"id"`
		Auth    string    `json:"authId"`
		Action  int       `json:"action"`
		Trigger int       `json:"trigger"`
		State   int       `json:"state"`
		Source  int       `json:"source"`
		Date    time.Time `json:"date"`
	}
	webhook struct {
		ID     int64  `json:"id"`
		Secret string `json:"secret"`
		URL    string `json:"webhookUrl"`
	}
	post struct {
		Smartlock int64 `json:"smartlockId"`
		Auth      struct {
			Smartlock int64 `json:"smartlockId"`
		} `json:"smartlockAuth"`
		Log struct {
			Smartlock int64 `json:"smartlockId"`
		} `json:"smartlockLog"`
	}
	// detail is the body of most refusals.
	detail struct {
		Message string `json:"detailMessage"`
	}
)

// The numbers of the API that matter here.
const (
	typeOpener    = 2
	typeKeypad    = 13
	serverOffline = 4
	actionUnlock  = 1
	actionLock    = 2
	actionUnlatch = 3
	triggerKeypad = 255
	sourceCode    = 1
	wrongCode     = 224
	allWeek       = 127
)

// digits reads a code that is told as a number, or as text.
type digits struct{ pin lock.PIN }

// UnmarshalJSON implements json.Unmarshaler. What is no code is not known.
func (d *digits) UnmarshalJSON(text []byte) error {
	d.pin, _ = lock.ParsePIN(strings.Trim(string(text), `"`))
	return nil
}

// write is the body of a creation or a change. All of a schedule is always sent.
type write struct {
	Name     string          `json:"name"`
	Type     int             `json:"type,omitempty"`
	Code     json.RawMessage `json:"code"`
	Enabled  *bool           `json:"enabled,omitempty"`
	Remote   bool            `json:"remoteAllowed"`
	From     *time.Time      `json:"allowedFromDate"`
	Until    *time.Time      `json:"allowedUntilDate"`
	WeekDays int             `json:"allowedWeekDays"`
	FromTime int             `json:"allowedFromTime"`
	ToTime   int             `json:"allowedUntilTime"`
}

// nameMax is the longest name that the vendor gives keypad codes, in bytes here.
const nameMax = 20

func writeOf(c lock.Credential) write {
	return write{Name: driver.Label(c.Tag, c.Name, nameMax), Code: json.RawMessage(c.PIN.Reveal()), WeekDays: allWeek}
}

// held is how the driver tells of an auth.
func (a *auth) held() lock.Held {
	h := lock.Held{Ref: lock.Ref(a.ID), PIN: a.Code.pin, Enabled: a.Enabled, Pending: a.Operation != ""}
	h.Tag, h.Name = driver.Unlabel(a.Name)
	if a.From != nil {
		h.Window.From = a.From.UTC()
	}
	if a.Until != nil {
		h.Window.To = a.Until.UTC()
	}
	return h
}

// entry is how the driver tells of a line of the log; false: it is about something else than a door.
func (l *logEntry) entry() (lock.Entry, bool) {
	e := lock.Entry{ID: l.ID, At: l.Date.UTC()}
	keypad := l.Trigger == triggerKeypad && l.Source == sourceCode
	switch {
	case l.State == wrongCode:
		e.Kind, e.Reason = lock.Denied, "unknown_code"
	case l.State != 0:
		return e, false // the motor was blocked, or the like
	case l.Action == actionUnlock || l.Action == actionUnlatch:
		e.Kind = lock.Opened
		if keypad {
			e.Ref = lock.Ref(l.Auth)
		}
	case l.Action == actionLock:
		e.Kind = lock.Locked
	default:
		return e, false
	}
	return e, true
}

// The engine's names of devices: the vendor's number behind a prefix.
const prefix = "nuki-"

func deviceID(n int64) lock.DeviceID { return lock.DeviceID(prefix + strconv.FormatInt(n, 10)) }

// number is the vendor's number of a device; false: it is none of Nuki's.
func number(id lock.DeviceID) (string, bool) {
	text, ok := strings.CutPrefix(string(id), prefix)
	if _, err := strconv.ParseInt(text, 10, 64); err != nil {
		return "", false
	}
	return text, ok
}
