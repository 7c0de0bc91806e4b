package kwikset

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"time"

	"github.com/accesscodes/lockctl/lock"
)

// A lock is told what to do by records: a type, a length, and so many bytes.

const (
	recordCode     = 0
	recordSchedule = 1
	recordName     = 2
	recordSlot     = 3 // of answers
	recordDelete   = 5

	anySlot   = 0 // the lock takes the lowest that is free
	enabled   = 1
	allDay    = 1 // types of schedules
	dateRange = 3

	firstYear = 2000
	lastYear  = firstYear + 127
)

func record(kind byte, data ...byte) []byte { return append([]byte{kind, byte(len(data))}, data...) }

// createPacket writes a new code. zone is the lock's; of a code without a window it is not needed.
func createPacket(pin lock.PIN, name string, w lock.Window, zone *time.Location) ([]byte, error) {
	kind, schedule := byte(allDay), []byte(nil)
	if !w.IsZero() {
		days, err := rangeOf(w, zone)
		if err != nil {
			return nil, err
		}
		kind, schedule = dateRange, record(recordSchedule, days...)
	}
	digits, err := bcd(pin)
	if err != nil {
		return nil, err
	}
	packet := record(recordCode, append([]byte{anySlot, enabled | kind<<4}, digits...)...)
	return append(append(packet, schedule...), record(recordName, []byte(name)...)...), nil
}

// deletePacket erases whatever is in a slot.
func deletePacket(slot byte) []byte { return record(recordDelete, slot) }

// bcd writes two digits a byte. An odd one out is filled up with F.
func bcd(pin lock.PIN) ([]byte, error) {
	digits := pin.Reveal()
	if len(digits)%2 == 1 {
		digits += "f"
	}
	return hex.DecodeString(digits)
}

// rangeOf writes the local times at which a window begins and ends, to the minute. A time that clocks show twice is not told apart from
// the hour before, so that such a window is refused.
func rangeOf(w lock.Window, zone *time.Location) ([]byte, error) {
	from, to := w.From.In(zone), w.To.In(zone)
	for _, t := range [...]time.Time{from, to} {
		at, _ := lock.Resolve(zone, t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), 0)
		switch {
		case t.Year() < firstYear || t.Year() > lastYear:
			return nil, errors.New("a window lies between the years 2000 and 2127")
		case !at.Equal(t.Truncate(time.Minute)):
			return nil, errors.New("the window begins or ends in an hour that clocks show twice")
		}
	}
	days := uint32(from.Month()) | uint32(to.Month())<<4 | uint32(from.Day())<<8 | uint32(to.Day())<<13 |
		uint32(from.Year()-firstYear)<<18 | uint32(to.Year()-firstYear)<<25
	return binary.LittleEndian.AppendUint32(clockPair(from, to), days), nil
}

// clockPair writes two times of day.
func clockPair(from, to time.Time) []byte {
	return []byte{byte(from.Minute() << 2), byte(to.Minute() | from.Hour()&3<<6), byte(from.Hour()>>2 | to.Hour()<<3)}
}

// slotOf reads what a lock answers to a new code: the slot; false: it has not.
func slotOf(message string) (byte, bool) {
	b, err := hex.DecodeString(message)
	if err != nil || len(b) != 3 || b[0] != recordSlot || b[1] != 1 || b[2] == 0 {
		return 0, false
	}
	return b[2], true
}
