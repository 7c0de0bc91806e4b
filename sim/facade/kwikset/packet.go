package kwikset

import (
	"encoding/binary"
	"encoding/hex"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/accesscodes/lockctl/lock"
)

// What an app tells a lock: records of a type, a length and so many bytes.

const (
	recordCode     = 0
	recordSchedule = 1
	recordName     = 2
	recordSlot     = 3 // of answers
	recordDelete   = 5

	allDay      = 1
	dateRange   = 3
	oneTime     = 5
	oneTime24h  = 6
	fewestName  = 2
	longestName = 14
)

type record struct {
	kind byte
	data []byte
}

// records splits a packet; false: its lengths do not add up.
func records(packet []byte) ([]record, bool) {
	var all []record
	for len(packet) > 0 {
		if len(packet) < 2 || len(packet) < 2+int(packet[1]) {
			return nil, false
		}
		end := 2 + int(packet[1])
		all = append(all, record{packet[0], packet[2:end]})
		packet = packet[end:]
	}
	return all, true
}

// slotOf reads a packet that deletes.
func slotOf(packet []byte) (int, bool) {
	all, ok := records(packet)
	if !ok || len(all) != 1 || all[0].kind != recordDelete || len(all[0].data) != 1 || all[0].data[0] == 0 {
		return 0, false
	}
	return int(all[0].data[0]), true
}

// codeOf reads a packet that creates, as a lock in that zone does at that time; why says what is wrong with it.
func codeOf(packet []byte, zone *time.Location, now time.Time) (want lock.Credential, why string) {
	all, ok := records(packet)
	if !ok || len(all) < 2 || all[0].kind != recordCode || all[len(all)-1].kind != recordName || len(all[0].data) < 4 {
		return want, "records"
	}
	index, kind, enabled := all[0].data[0], all[0].data[1]>>4, all[0].data[1]&0xf
	digits := strings.TrimSuffix(hex.EncodeToString(all[0].data[2:]), "f")
	pin, err := lock.ParsePIN(digits)
	name := all[len(all)-1].data
	switch {
	case index != 0:
		return want, "slots that are chosen are not simulated"
	case enabled != 1:
		return want, "codes that are switched off are not simulated"
	case err != nil || len(digits) < 4 || len(digits) > 8:
		return want, "digits"
	case !utf8.Valid(name) || utf8.RuneCount(name) < fewestName || utf8.RuneCount(name) > longestName:
		return want, "name"
	}
	want = lock.Credential{Name: string(name), PIN: pin, Enabled: true, OneTime: kind == oneTime || kind == oneTime24h}
	switch {
	case len(all) == 2 && (kind == allDay || kind == oneTime):
	case len(all) == 2 && kind == oneTime24h:
		want.Window = lock.Window{From: now, To: now.Add(24 * time.Hour)}
	case len(all) == 3 && kind == dateRange && all[1].kind == recordSchedule && len(all[1].data) == 7 && zone != nil:
		if want.Window, ok = rangeOf(all[1].data, zone); !ok {
			return want, "dates"
		}
	default:
		return want, "this schedule is not simulated"
	}
	return want, ""
}

// rangeOf reads a schedule from one local time of one day to another of another, taken for one stretch.
func rangeOf(b []byte, zone *time.Location) (w lock.Window, ok bool) {
	startMinute, endMinute := int(b[0]>>2), int(b[1]&0x3f)
	startHour, endHour := int(b[1]>>6)|int(b[2]&7)<<2, int(b[2]>>3)
	days := binary.LittleEndian.Uint32(b[3:])
	field := func(from, bits int) int { return int(days >> from & (1<<bits - 1)) }
	at := func(year, month, day, hour, minute int) (time.Time, bool) {
		t, note := lock.Resolve(zone, 2000+year, time.Month(month), day, hour, minute, 0)
		return t, note != lock.NoteInvalid
	}
	from, good := at(field(18, 7), field(0, 4), field(8, 5), startHour, startMinute)
	to, fine := at(field(25, 7), field(4, 4), field(13, 5), endHour, endMinute)
	return lock.Window{From: from, To: to}, good && fine && b[0]&3 == 0 && to.After(from)
}
