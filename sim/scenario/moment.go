package scenario

import (
	"fmt"
	"time"

	"github.com/pelletier/go-toml/v2"

	"github.com/accesscodes/lockctl/internal/strict"
	"github.com/accesscodes/lockctl/lock"
)

// duration is a length of time with units, from least to most.
func duration(least, most time.Duration) kind[time.Duration] {
	return kind[time.Duration]{"duration", func(v value) (time.Duration, bool) {
		switch raw := v.raw.(type) {
		case string:
			d, err := strict.ParseDuration(raw)
			switch {
			case err != nil:
				v.fail("%s", err)
			case d < least || d > most:
				v.fail("%s is out of bounds: %s to %s", raw, strict.Short(least), strict.Short(most))
			default:
				return d, true
			}
		case int64, float64:
			v.fail("%s", strict.LacksUnit(fmt.Sprint(raw)))
		default:
			v.wrong("a duration in quotes")
		}
		return 0, false
	}, func(d time.Duration) string { return quote(strict.Short(d)) }}
}

// moment is an instant as the file says it: relative to the start, absolute, or local to some zone.
type moment struct {
	text  string
	form  momentForm
	rel   time.Duration
	abs   time.Time
	local toml.LocalDateTime
}

type momentForm uint8

const (
	relative momentForm = iota
	absolute
	local
)

// when is an instant: a duration after the start, a date with an offset, or a local date and time.
func when() kind[moment] {
	return kind[moment]{"time", func(v value) (moment, bool) {
		switch raw := v.raw.(type) {
		case string:
			m, err := parseMoment(raw)
			if err != nil {
				v.fail("%s", err)
				return moment{}, false
			}
			return m, true
		case time.Time:
			return moment{text: raw.Format(time.RFC3339), form: absolute, abs: raw}, true
		case toml.LocalDateTime:
			return moment{text: raw.String(), form: local, local: raw}, true
		case toml.LocalDate:
			v.fail("%s lacks a time of day: write \"%s 15:00\"", raw, raw)
		case int64, float64:
			v.fail("%s", strict.LacksUnit(fmt.Sprint(raw)))
		default:
			v.wrong(`a time: "+4h" after the start, or a date and time`)
		}
		return moment{}, false
	}, moment.write}
}

// write writes a relative moment in quotes and an absolute one as TOML has it. A local one is never written: a File holds
// instants.
func (m moment) write() string {
	if m.form == absolute {
		return m.abs.Format(time.RFC3339Nano)
	}
	return quote(m.text)
}

func parseMoment(s string) (moment, error) {
	if len(s) >= 10 && s[4] == '-' { // a date
		for _, layout := range []string{time.RFC3339, "2006-01-02T15:04Z07:00", "2006-01-02 15:04:05Z07:00", "2006-01-02 15:04Z07:00"} {
			if t, err := time.Parse(layout, s); err == nil {
				return moment{text: s, form: absolute, abs: t}, nil
			}
		}
		for _, layout := range []string{"2006-01-02T15:04", "2006-01-02 15:04", "2006-01-02T15:04:05", "2006-01-02 15:04:05"} {
			if t, err := time.Parse(layout, s); err == nil {
				return moment{text: s, form: local, local: toml.LocalDateTime{
					LocalDate: toml.LocalDate{Year: t.Year(), Month: int(t.Month()), Day: t.Day()},
					LocalTime: toml.LocalTime{Hour: t.Hour(), Minute: t.Minute(), Second: t.Second()},
				}}, nil
			}
		}
		return moment{}, fmt.Errorf(`%q is not a date and time: write "2026-03-28 15:00", or with an offset "2026-03-28T15:00:00+01:00"`, strict.Clip(s))
	}
	d, err := strict.ParseDuration(s)
	if err != nil {
		return moment{}, err
	}
	return moment{text: s, form: relative, rel: d}, nil
}

// in resolves a local date and time in a zone. A time that clocks there skip or show twice is an error that says so.
func (m moment) in(zone *time.Location) (time.Time, error) {
	l := m.local
	t, note := lock.Resolve(zone, l.Year, time.Month(l.Month), l.Day, l.Hour, l.Minute, l.Second)
	switch note {
	case "":
		return t, nil
	case lock.NoteGap:
		return time.Time{}, fmt.Errorf("%s does not exist in %s: clocks go forward over it", m.text, zone)
	case lock.NoteFold:
		first := t.In(zone)
		_, change := first.ZoneBounds()
		_, before := first.Zone()
		_, after := change.Zone()
		later := first.Add(time.Duration(before-after) * time.Second)
		return time.Time{}, fmt.Errorf("%s happens twice in %s: write %s or %s", m.text, zone, first.Format(time.RFC3339), later.Format(time.RFC3339))
	default:
		return time.Time{}, fmt.Errorf("%s is not a date that exists", m.text)
	}
}
