package igloohome

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/lock"
)

// What the API says, as far as it is read.
type (
	device struct {
		Type     string `json:"type"` // Lock, Padlock, Keybox, Keypad, Bridge
		DeviceID string `json:"deviceId"`
		Name     string `json:"deviceName"`
		Linked   []struct {
			DeviceID string `json:"deviceId"`
		} `json:"linkedDevices"`
		Battery *float64 `json:"batteryLevel"` // percent; of a bridge there is none
	}
	page struct {
		Next    string    `json:"nextCursor"`
		Payload *[]device `json:"payload"`
	}
	job struct {
		ID        string `json:"jobId"`
		Expiry    string `json:"expiryDate"`
		Completed bool   `json:"completed"`
		Response  struct {
			Status number `json:"jobStatus"`
		} `json:"jobResponse"`
	}
	algoPIN struct {
		PIN string `json:"pin"`
		ID  string `json:"pinId"`
	}
	grant struct {
		Token   string  `json:"access_token"`
		Expires float64 `json:"expires_in"` // seconds
	}
	// complaint is the body of a refusal, in all shapes that were seen.
	complaint struct {
		Message string `json:"message"`
		Error   string `json:"error"`
	}
)

// number is told as a number or as text; "": not told.
type number string

// UnmarshalJSON implements json.Unmarshaler.
func (n *number) UnmarshalJSON(text []byte) error {
	if *n = number(strings.Trim(string(text), `"`)); *n == "null" {
		*n = ""
	}
	return nil
}

// The numbers of the API.
const (
	jobLock      = 1
	jobUnlock    = 2
	jobCreatePIN = 4
	jobDeletePIN = 5
	jobStatus    = 10
	pinForever   = 2
	pinDuration  = 4
	statusDone   = "0"
	statusFailed = "2"
)

// state is what became of a job.
type state uint8

const (
	pending state = iota
	done
	failed
)

func (j *job) state() state {
	switch s := j.Response.Status; {
	case s == statusFailed, j.Completed && s != "" && s != statusDone:
		return failed
	case j.Completed, s == statusDone:
		return done
	}
	return pending
}

// order is the body of a job.
type order struct {
	Type int `json:"jobType"`
	Data any `json:"jobData"`
}

// pinOrder is the data of a job about a PIN. Only the digits are said of one that is to be erased.
type pinOrder struct {
	Name  string `json:"accessName,omitempty"`
	PIN   string `json:"pin"`
	Type  int    `json:"pinType,omitempty"`
	Start string `json:"startDate,omitempty"`
	End   string `json:"endDate,omitempty"`
}

// algoOrder asks for an algorithmic PIN.
type algoOrder struct {
	Variance int    `json:"variance"`
	Start    string `json:"startDate"`
	End      string `json:"endDate,omitempty"`
	Name     string `json:"accessName"`
}

// stamp is a time as the API wants it: its offset in digits, never as a letter.
func stamp(t time.Time) string { return t.Format("2006-01-02T15:04:05-07:00") }

// nameMax is the longest name that clients give PINs, in bytes here.
const nameMax = 32

func label(want lock.Credential) string {
	if name := driver.Label(want.Tag, want.Name, nameMax); name != "" {
		return name
	}
	return "lockctl"
}

// UnmarshalJSON implements json.Unmarshaler. A device comes by itself or in a payload.
func (d *device) UnmarshalJSON(text []byte) error {
	type plain device
	var x struct {
		plain
		Payload *plain `json:"payload"`
	}
	if err := json.Unmarshal(text, &x); err != nil {
		return err
	}
	if *d = device(x.plain); x.Payload != nil {
		*d = device(*x.Payload)
	}
	return nil
}

// The engine's names of devices: the vendor's id behind a prefix.
const prefix = "igloohome-"

func deviceID(id string) lock.DeviceID { return lock.DeviceID(prefix + id) }

// vendorID is the vendor's id of a device; false: it is none of igloohome's.
func vendorID(id lock.DeviceID) (string, bool) {
	text, ok := strings.CutPrefix(string(id), prefix)
	return text, ok && text != ""
}
