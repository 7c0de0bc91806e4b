package kwikset

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/lock"
)

// What the API says, as far as it is read. Most of it comes in a list called data.
type (
	page[T any] struct {
		Data *[]T `json:"data"`
	}
	home struct {
		ID string `json:"homeid"`
	}
	device struct {
		ID           string  `json:"deviceid"`
		Name         string  `json:"devicename"`
		Model        string  `json:"modelnumber"`
		Battery      *number `json:"batterypercentage"`
		Connectivity string  `json:"deviceconnectivitystatus"`
	}
	line struct {
		ID    text   `json:"id"`
		User  string `json:"user"`
		Time  number `json:"timestamp"`
		Type  string `json:"eventtype"`
		Event string `json:"event"`
	}
	taken struct {
		Token string `json:"token"`
	}
	// message is what a lock answers, or the gateway says of a refusal.
	message struct {
		Message string `json:"message"`
		Data    []struct {
			Message string `json:"message"`
		} `json:"data"`
	}
)

func (d *device) connected() bool { return strings.EqualFold(d.Connectivity, "connected") }

// number reads a number that may be told as text; what is none is 0.
type number float64

// UnmarshalJSON implements json.Unmarshaler.
func (n *number) UnmarshalJSON(b []byte) error {
	var f float64
	if json.Unmarshal([]byte(strings.Trim(string(b), `"`)), &f) == nil {
		*n = number(f)
	}
	return nil
}

// text reads text that may be told as a number.
type text string

// UnmarshalJSON implements json.Unmarshaler.
func (t *text) UnmarshalJSON(b []byte) error {
	*t = text(strings.Trim(string(b), `"`))
	return nil
}

// Names have 2 to 14 characters. So a code of ours has its tag for a name, which nothing is put behind.
const (
	nameMin = 2
	nameMax = 14
)

func label(want *lock.Credential) string {
	name := want.Tag
	if name == "" {
		name = want.Name
	}
	return driver.Label("", name, nameMax)
}

// at is when it happened; zero: that is not told.
func (l *line) at() time.Time {
	if l.Time <= 0 || l.Time > 1<<33 {
		return time.Time{}
	}
	return time.Unix(int64(l.Time), 0).UTC()
}

// entry is how the driver tells of a line of the history, where the codes of those names are known; false: it is about something else.
func (l *line) entry(codes map[string]lock.Ref) (lock.Entry, bool) {
	e := lock.Entry{ID: string(l.ID), At: l.at()}
	switch l.Event {
	case "Unlocked":
		e.Kind = lock.Opened
		if strings.HasPrefix(l.Type, "Keypad") {
			e.Ref = codes[l.User]
		}
	case "Locked":
		e.Kind = lock.Locked
	default:
		return e, false
	}
	return e, e.ID != "" && !e.At.IsZero()
}
