package ttlock

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/lock"
)

// whole reads a number that may come as text, or as a truth value.
type whole int64

// UnmarshalJSON implements json.Unmarshaler. What is no number is 0.
func (n *whole) UnmarshalJSON(text []byte) error {
	*n = 0
	switch word := strings.Trim(string(text), `" `); word {
	case "true":
		*n = 1
	default:
		if v, err := strconv.ParseInt(word, 10, 64); err == nil {
			*n = whole(v)
		}
	}
	return nil
}

// code reads a number that may come as text. Anything else is an error: it must not pass for a success.
type code int

// UnmarshalJSON implements json.Unmarshaler.
func (n *code) UnmarshalJSON(text []byte) error {
	v, err := strconv.Atoi(strings.Trim(string(text), `"`))
	*n = code(v)
	return err
}

// text reads words that may come as a number.
type text string

// UnmarshalJSON implements json.Unmarshaler. What is neither is "".
func (s *text) UnmarshalJSON(raw []byte) error {
	*s = ""
	var word string
	if json.Unmarshal(raw, &word) == nil {
		*s = text(word)
	} else if _, err := strconv.ParseInt(string(raw), 10, 64); err == nil {
		*s = text(raw)
	}
	return nil
}

// What the API says, as far as it is read.
type (
	// outcome is in every answer that is an error, and in those of writes that have no other result.
	outcome struct {
		Code *code `json:"errcode"`
	}
	tokens struct {
		Access  string `json:"access_token"`
		Refresh string `json:"refresh_token"`
		Seconds whole  `json:"expires_in"`
	}
	page[T any] struct {
		List  *[]T   `json:"list"`
		Pages whole  `json:"pages"`
		Total *whole `json:"total"`
	}
	smartlock struct {
		ID         whole  `json:"lockId"`
		Alias      text   `json:"lockAlias"`
		Name       text   `json:"lockName"`
		Charge     *whole `json:"electricQuantity"` // percent
		Feature    text   `json:"featureValue"`     // bits, in hexadecimal
		HasGateway whole  `json:"hasGateway"`
		Model      text   `json:"modelNum"`
		Offset     *whole `json:"timezoneRawOffset"` // milliseconds
	}
	gateway struct {
		ID     whole  `json:"gatewayId"`
		Online *whole `json:"isOnline"`
	}
	// near is a lock that a gateway hears.
	near struct {
		ID   whole `json:"lockId"`
		RSSI whole `json:"rssi"`
	}
	wifi struct {
		Online whole `json:"isOnline"`
	}
	passcode struct {
		ID     whole  `json:"keyboardPwdId"`
		Digits text   `json:"keyboardPwd"`
		Name   text   `json:"keyboardPwdName"`
		Type   whole  `json:"keyboardPwdType"`
		Start  whole  `json:"startDate"`
		End    whole  `json:"endDate"`
		Custom *whole `json:"isCustom"`
		Status whole  `json:"status"`
	}
	added struct {
		ID     whole `json:"keyboardPwdId"`
		Digits text  `json:"keyboardPwd"`
	}
	record struct {
		ID       whole `json:"recordId"`
		AtLock   whole `json:"recordTypeFromLock"`
		Type     whole `json:"recordType"`
		Success  whole `json:"success"`
		Username text  `json:"username"`
		Digits   text  `json:"keyboardPwd"`
		At       whole `json:"lockDate"`
		Uploaded whole `json:"serverDate"`
	}
)

// The numbers of the API that matter here.
const (
	typeOneTime   = 1
	typePermanent = 2
	typePeriod    = 3

	byGateway = 2
	byQueue   = 4 // for locks that save power
	bookOnly  = 1

	statusPending      = 3
	statusAdding       = 4
	statusAddFailed    = 5
	statusChanging     = 6
	statusChangeFailed = 7
	statusDeleting     = 8

	recordPasscode = 4
	recordApp      = 11
	recordUnlock   = 12
	recordByCode   = 34
	recordTamper   = 44
	recordLocked   = 45
	recordKeypad   = 48
	fromExpired    = 11

	featureWiFi = 1 << 56
)

// nameMax is the longest name that is given a code, in bytes; the vendor tells no limit, integrators use more.
const nameMax = 50

// never is what an end from then on means: until removed.
var never = time.Date(2090, 1, 1, 0, 0, 0, 0, time.UTC)

// ever is the start of a code that has none: what has an end has a start here.
var ever = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

// farOff is the end that a code is given that had one and is to have none.
var farOff = time.Date(2099, 12, 31, 0, 0, 0, 0, time.UTC)

func instant(ms whole) time.Time {
	if ms <= 0 {
		return time.Time{}
	}
	return time.UnixMilli(int64(ms)).UTC()
}

func millis(t time.Time) string { return strconv.FormatInt(t.UnixMilli(), 10) }

// window is when the code opens, as the vendor tells it.
func (p *passcode) window(now time.Time) lock.Window {
	if p.Type == typePermanent {
		return lock.Window{}
	}
	w := lock.Window{From: instant(p.Start), To: instant(p.End)}
	if !w.To.Before(never) {
		w.To = time.Time{}
	}
	if w.From.Equal(ever) || !w.Bounded() && w.Started(now) {
		w.From = time.Time{}
	}
	return w
}

// random reports whether the vendor has computed the digits.
func (p *passcode) random() bool { return p.Custom != nil && *p.Custom == 0 }

// held is how the driver tells of a passcode.
func (p *passcode) held(now time.Time) lock.Held {
	h := lock.Held{Ref: refOf(p.ID, p.random()), Window: p.window(now), Enabled: true}
	h.PIN, _ = lock.ParsePIN(string(p.Digits))
	h.Tag, h.Name = driver.Unlabel(string(p.Name))
	switch p.Status {
	case statusPending, statusAdding, statusChanging, statusDeleting, statusChangeFailed:
		h.Pending = true // or nobody knows which form the lock holds
	}
	return h
}

// entry is how the driver tells of a record; false: it is about something else than a door. refs are those of the list, by digits
// and by names.
func (r *record) entry(refs map[text]lock.Ref) (lock.Entry, bool) {
	e := lock.Entry{ID: strconv.FormatInt(int64(r.ID), 10), At: instant(r.At)}
	switch r.Type {
	case recordPasscode, recordByCode:
		switch {
		case r.Success == 1 && r.Type == recordByCode:
			e.Kind = lock.Locked
		case r.Success == 1:
			e.Kind = lock.Opened
			if e.Ref = refs[r.Digits]; e.Ref == "" {
				e.Ref = refs[r.Username]
			}
		case r.AtLock == fromExpired:
			e.Kind, e.Reason = lock.Denied, "expired_code"
		default:
			e.Kind, e.Reason = lock.Denied, "unknown_code"
		}
	case recordUnlock, 1, 7, 8, 10, 46, 47:
		if r.Success != 1 {
			return e, false
		}
		e.Kind = lock.Opened
	case recordApp, recordLocked:
		e.Kind = lock.Locked
	case recordTamper:
		e.Kind = lock.Tampered
	case recordKeypad:
		e.Kind, e.Reason = lock.Denied, "too_many_attempts"
	default:
		return e, false
	}
	return e, true
}

// The engine's names of devices and hubs: the vendor's number behind a prefix.
const (
	prefix    = "ttlock-"
	hubPrefix = "ttlock-gateway-"
)

func deviceID(n whole) lock.DeviceID { return prefix + lock.DeviceID(strconv.FormatInt(int64(n), 10)) }

func hubID(n whole) lock.HubID { return hubPrefix + lock.HubID(strconv.FormatInt(int64(n), 10)) }

// number is the vendor's number of a device; false: it is none of TTLock's.
func number(id lock.DeviceID) (int64, bool) {
	digits, ok := strings.CutPrefix(string(id), prefix)
	n, err := strconv.ParseInt(digits, 10, 64)
	return n, ok && err == nil && n > 0
}

// A Ref is the passcode's number, behind a prefix where the vendor has computed the digits.
const byVendor = "random:"

func refOf(n whole, random bool) lock.Ref {
	ref := lock.Ref(strconv.FormatInt(int64(n), 10))
	if random {
		return byVendor + ref
	}
	return ref
}
