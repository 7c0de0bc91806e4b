package twon

import (
	"crypto/sha1" //nolint:gosec // version 5 of uuids is made of it
	"encoding/hex"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/lock"
)

// What a device says, as far as it is read.
type (
	envelope struct {
		Success bool `json:"success"`
		Error   struct {
			Code  int    `json:"code"`
			Param string `json:"param"`
		} `json:"error"`
		Result json.RawMessage `json:"result"`
	}
	info struct {
		Variant string `json:"variant"`
		Serial  string `json:"serialNumber"`
		Name    string `json:"deviceName"`
	}
	status struct {
		Time int64 `json:"systemTime"`
		Up   int64 `json:"upTime"`
	}
	template struct {
		Users []struct {
			Access map[string]json.RawMessage `json:"access"`
		} `json:"users"`
	}
	directory struct {
		Users []user `json:"users"`
	}
	// page is a part of the directory.
	page struct {
		Users    *[]user `json:"users"`
		Iterator struct {
			Timestamp int64 `json:"timestamp"`
		} `json:"iterator"`
	}
	user struct {
		UUID    string `json:"uuid"`
		Deleted bool   `json:"deleted"`
		Name    string `json:"name"`
		Owner   string `json:"owner"`
		Stamp   int64  `json:"timestamp"`
		Access  struct {
			PIN  digits   `json:"pin"`
			Code []digits `json:"code"`
			From seconds  `json:"validFrom"`
			To   seconds  `json:"validTo"`
		} `json:"access"`
		Errors []struct {
			Code string `json:"code"`
		} `json:"errors"`
	}
	event struct {
		ID     int64  `json:"id"`
		UTC    int64  `json:"utcTime"`
		Up     int64  `json:"upTime"`
		Event  string `json:"event"`
		Params struct {
			UUID  string `json:"uuid"`
			Valid *bool  `json:"valid"`
			State any    `json:"state"`
		} `json:"params"`
	}
)

// fields are those of users that are read.
var fields = [...]string{"name", "owner", "access.pin", "access.code", "access.validFrom", "access.validTo"}

// digits reads a PIN. What is none is not known.
type digits struct{ pin lock.PIN }

// UnmarshalJSON implements json.Unmarshaler.
func (d *digits) UnmarshalJSON(text []byte) error {
	d.pin, _ = lock.ParsePIN(strings.Trim(string(text), `"`))
	return nil
}

// seconds reads a time that is told as Unix seconds, in text or as a number; 0: none.
type seconds struct{ time.Time }

// UnmarshalJSON implements json.Unmarshaler.
func (s *seconds) UnmarshalJSON(text []byte) error {
	if n, err := strconv.ParseInt(strings.Trim(string(text), `"`), 10, 64); err == nil && n > 0 && n < 1<<40 {
		s.Time = time.Unix(n, 0).UTC()
	}
	return nil
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return "0"
	}
	return strconv.FormatInt(t.Unix(), 10)
}

// all are the digits by which a user opens something.
func (u *user) all() []lock.PIN {
	var pins []lock.PIN
	for _, d := range append([]digits{u.Access.PIN}, u.Access.Code...) {
		if !d.pin.IsZero() {
			pins = append(pins, d.pin)
		}
	}
	return pins
}

// held is how the driver tells of a user; false: it has no digits.
func (u *user) held() (lock.Held, bool) {
	pins := u.all()
	if u.Deleted || u.UUID == "" || len(pins) == 0 {
		return lock.Held{}, false
	}
	h := lock.Held{Ref: refOf(u.UUID), PIN: pins[0], Window: lock.Window{From: u.Access.From.Time, To: u.Access.To.Time}, Enabled: true}
	h.Tag, h.Name = driver.Unlabel(u.Name)
	return h, true
}

// refOf is the Ref of a uuid, which a device may tell in other letters than it was told.
func refOf(uuid string) lock.Ref { return lock.Ref(strings.ToUpper(uuid)) }

// owner is whose our users are.
const owner = "lockctl"

// kept reports whether another service keeps a user, and would write over it.
func (u *user) kept() bool {
	return strings.EqualFold(u.Owner, "My2N") || strings.EqualFold(u.Owner, "ACOM")
}

// nameMax is the longest name of a user, in bytes here.
const nameMax = 63

// space is of the uuids that this driver makes.
const space = "lockctl 2N directory user\x00"

// uuidOf is the uuid of a code, always the same.
func uuidOf(c lock.Credential) string {
	sum := sha1.Sum([]byte(space + string(c.Code) + "\x00" + c.Tag)) //nolint:gosec // as above
	sum[6], sum[8] = sum[6]&0x0f|0x50, sum[8]&0x3f|0x80
	h := strings.ToUpper(hex.EncodeToString(sum[:16]))
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

// write is a user as it is created or changed.
type write struct {
	UUID   string         `json:"uuid"`
	Name   string         `json:"name"`
	Owner  string         `json:"owner"`
	Access map[string]any `json:"access"`
}

// The engine's names of devices: the serial number behind a prefix.
const prefix = "2n-"

func deviceID(serial string) lock.DeviceID { return lock.DeviceID(prefix + serial) }
