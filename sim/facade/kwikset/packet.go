package kwikset

import (
	"encoding/binary"
	"encoding/hex"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim/facade"
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
	weekly      = 4
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

// codeOf reads a packet that creates, as a lock in that zone does at that time, where a range of dates may mean those hours of each of its
// days. A code that comes back has its turns. why says what is wrong with the packet.
func codeOf(packet []byte, zone *time.Location, now time.Time, daily bool) (want lock.Credential, back *facade.Turns, why string) {
	all, ok := records(packet)
	if !ok || len(all) < 2 || all[0].kind != recordCode || all[len(all)-1].kind != recordName || len(all[0].data) < 4 {
		return want, nil, "records"
	}
	index, kind, enabled := all[0].data[0], all[0].data[1]>>4, all[0].data[1]&0xf
	digits := strings.TrimSuffix(hex.EncodeToString(all[0].data[2:]), "f")
	pin, err := lock.ParsePIN(digits)
	name := all[len(all)-1].data
	switch {
	case index != 0:
		return want, nil, "slots that are chosen are not simulated"
	case enabled != 1:
		return want, nil, "codes that are switched off are not simulated"
	case err != nil || len(digits) < 4 || len(digits) > 8:
		return want, nil, "digits"
	case !utf8.Valid(name) || utf8.RuneCount(name) < fewestName || utf8.RuneCount(name) > longestName:
		return want, nil, "name"
	}
	want = lock.Credential{Name: string(name), PIN: pin, Enabled: true, OneTime: kind == oneTime || kind == oneTime24h}
	var days []byte
	if len(all) == 3 && all[1].kind == recordSchedule {
		days = all[1].data
	}
	switch {
	case len(all) == 2 && (kind == allDay || kind == oneTime):
	case len(all) == 2 && kind == oneTime24h:
		want.Window = lock.Window{From: now, To: now.Add(24 * time.Hour)}
	case kind == dateRange && len(days) == 7 && zone != nil:
		if want.Window, ok = rangeOf(days, zone); !ok {
			return want, nil, "dates"
		}
		if daily {
			hours, _ := hoursOf(days)
			back = &facade.Turns{Zone: zone, Days: facade.EveryDay, Hours: hours, Within: want.Window}
		}
	case kind == weekly && len(days) == 4 && zone != nil:
		hours, ok := hoursOf(days)
		if !ok || hours.From >= hours.To || days[3] == 0 || days[3] > facade.EveryDay {
			return want, nil, "hours"
		}
		back = &facade.Turns{Zone: zone, Days: days[3], Hours: hours}
	default:
		return want, nil, "this schedule is not simulated"
	}
	return want, back, ""
}

// hoursOf reads the times of day at which a schedule begins and ends.
func hoursOf(b []byte) (h facade.Hours, ok bool) {
	fromMinute, toMinute := int(b[0]>>2), int(b[1]&0x3f)
	fromHour, toHour := int(b[1]>>6)|int(b[2]&7)<<2, int(b[2]>>3)
	return facade.Hours{From: fromHour*60 + fromMinute, To: toHour*60 + toMinute}, b[0]&3 == 0 && max(fromMinute, toMinute) < 60 && max(fromHour, toHour) < 24
}

// rangeOf reads a schedule from one local time of one day to another of another.
func rangeOf(b []byte, zone *time.Location) (w lock.Window, ok bool) {
	h, ok := hoursOf(b)
	days := binary.LittleEndian.Uint32(b[3:])
	field := func(from, bits int) int { return int(days >> from & (1<<bits - 1)) }
	at := func(year, month, day, minute int) (time.Time, bool) {
		t, note := lock.Resolve(zone, 2000+year, time.Month(month), day, minute/60, minute%60, 0)
		return t, note != lock.NoteInvalid
	}
	from, good := at(field(18, 7), field(0, 4), field(8, 5), h.From)
	to, fine := at(field(25, 7), field(4, 4), field(13, 5), h.To)
	return lock.Window{From: from, To: to}, ok && good && fine && to.After(from)
}
