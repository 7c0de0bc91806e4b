package saltoks

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/lock"
)

// list reads lists of both shapes: bare, or in an object.
type list[T any] struct {
	Items []T
	More  bool // there is another page
}

// UnmarshalJSON implements json.Unmarshaler.
func (l *list[T]) UnmarshalJSON(text []byte) error {
	*l = list[T]{}
	if text = bytes.TrimSpace(text); len(text) > 0 && text[0] == '[' {
		return json.Unmarshal(text, &l.Items)
	}
	var wrapped struct {
		Items *[]T    `json:"items"`
		Next  *string `json:"next_page_link"`
	}
	if err := json.Unmarshal(text, &wrapped); err != nil {
		return err
	}
	if wrapped.Items == nil {
		return errors.New("there is no list")
	}
	l.Items, l.More = *wrapped.Items, wrapped.Next != nil && *wrapped.Next != ""
	return nil
}

// What the API says, as far as it is read.
type (
	token struct {
		Access  string  `json:"access_token"`
		Seconds float64 `json:"expires_in"`
	}
	// problem is the body of a refusal. Its words may repeat what was sent, and are not kept.
	problem struct {
		Code json.RawMessage `json:"ErrorCode"`
	}
	site struct {
		ID         string `json:"id"`
		UID        string `json:"site_uid"`
		PINEnabled *bool  `json:"pin_enabled"`
		Zone       string `json:"time_zone"`
		Seats      int    `json:"subscribed_user_amount"`
	}
	smartlock struct {
		ID      string `json:"id"`
		Name    string `json:"customer_reference"`
		Type    string `json:"lock_type"`
		Online  *bool  `json:"online"`
		Battery string `json:"battery_level"`
		Privacy bool   `json:"privacy_mode"`
		Office  bool   `json:"office_mode"`
		IQ      struct {
			ID     string `json:"id"`
			Online *bool  `json:"is_online"`
		} `json:"iq"`
	}
	user struct {
		ID   string `json:"id"`
		User struct {
			ID string `json:"id"`
		} `json:"user"`
		Alias   string     `json:"alias"`
		Roles   []struct{} `json:"roles"`
		State   string     `json:"subscription_state"`
		UsePIN  bool       `json:"use_pin"`
		Blocked bool       `json:"blocked"`
		Expires string     `json:"expires_at"`
	}
	group struct {
		ID   string `json:"id"`
		Name string `json:"customer_reference"`
	}
	named struct {
		ID string `json:"id"`
	}
	schedule struct {
		ID    string  `json:"id"`
		Start *string `json:"start_date"`
		End   *string `json:"end_date"`
	}
	entry struct {
		ID       string `json:"id"`
		Category string `json:"event_category"`
		Detail   string `json:"event_detail"`
		User     string `json:"user_id"`
		At       string `json:"utc_date_time"`
		LockID   string `json:"lock_id"`
		Lock     named  `json:"lock"`
	}
)

// code is the vendor's code of a refusal, if it is one.
func (p problem) code() string {
	text := strings.Trim(string(p.Code), `"`)
	if len(text) != 4 || strings.Trim(text, "0123456789") != "" {
		return ""
	}
	return text
}

const (
	subscribed = "subscribed"
	suspended  = "suspended"
	nameMax    = 64
)

// stamp is a time as schedules have it: the site's, without saying so.
const stamp = "2006-01-02T15:04:05"

// always is the body of a schedule that opens all day.
func always() map[string]any {
	body := map[string]any{"start_time": "00:00:00", "end_time": "23:59:59", "start_date": nil, "end_date": nil}
	for _, day := range []string{"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"} {
		body[day] = true
	}
	return body
}

// bodyOf is the schedule of a window in the site's zone.
func bodyOf(w lock.Window, zone *time.Location) map[string]any {
	body := always()
	if !w.From.IsZero() {
		body["start_date"] = w.From.In(zone).Format(stamp)
	}
	if w.Bounded() {
		body["end_date"] = w.To.In(zone).Format(stamp)
	}
	return body
}

// exact reports whether both ends of a window can be told as times of the site: an hour that comes twice can't.
func exact(w lock.Window, zone *time.Location) bool {
	for _, t := range []time.Time{w.From, w.To} {
		if back, ok := localTime(t.In(zone).Format(stamp), zone); !t.IsZero() && (!ok || !back.Equal(t)) {
			return false
		}
	}
	return true
}

// localTime reads a time of the site. Of two that read alike it takes the earlier.
func localTime(text string, zone *time.Location) (time.Time, bool) {
	t, err := time.Parse(stamp, strings.TrimSuffix(text, "Z"))
	if err != nil {
		return t, false
	}
	t, note := lock.Resolve(zone, t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second())
	return t, note != lock.NoteInvalid
}

// window is when a schedule opens; false: its dates don't read.
func (s *schedule) window(zone *time.Location) (w lock.Window, ok bool) {
	for _, x := range []struct {
		text *string
		at   *time.Time
	}{{s.Start, &w.From}, {s.End, &w.To}} {
		if x.text == nil || *x.text == "" {
			continue
		}
		if *x.at, ok = localTime(*x.text, zone); !ok {
			return lock.Window{}, false
		}
	}
	return w, true
}

// level is the charge that a word stands for.
func (s *smartlock) level() lock.Battery {
	b := lock.Battery{Known: true}
	switch s.Battery {
	case "fresh":
		b.Level = 1
	case "good":
		b.Level = 0.6
	case "low":
		b.Level = 0.2
	case "critical":
		b.Level = 0.05
	default:
		b.Known = false
	}
	return b
}

// keypad reports whether the lock takes PINs.
func (s *smartlock) keypad() bool { return strings.Contains(s.Type, "_pin") }

// The engine's names of devices and hubs: the vendor's ids behind a prefix.
const (
	prefix    = "salto-"
	hubPrefix = "salto-iq-"
)

// groupName is what the access group of a code at a lock is called: by it the group is known again.
func groupName(tag, lockID string) string { return tag + " " + lockID }

// ours tells the tag and the lock of a group that this driver has made.
func (g *group) ours() (tag, lockID string, ok bool) {
	tag, lockID, ok = strings.Cut(g.Name, " ")
	known, _ := driver.Unlabel(tag + ":")
	return tag, lockID, ok && known != "" && len(lockID) == 36
}
