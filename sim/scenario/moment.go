package scenario

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/pelletier/go-toml/v2"

	"github.com/accesscodes/lockctl/lock"
)

// duration is a length of time with units, from least to most.
func duration(least, most time.Duration) kind[time.Duration] {
	return kind[time.Duration]{"duration", func(v value) (time.Duration, bool) {
		switch raw := v.raw.(type) {
		case string:
			d, err := parseDuration(raw)
			switch {
			case err != nil:
				v.fail("%s", err)
			case d < least || d > most:
				v.fail("%s is out of bounds: %s to %s", raw, short(least), short(most))
			default:
				return d, true
			}
		case int64, float64:
			v.fail("%s", lacksUnit(fmt.Sprint(raw)))
		default:
			v.wrong("a duration in quotes")
		}
		return 0, false
	}, func(d time.Duration) string { return quote(short(d)) }}
}

func lacksUnit(s string) error {
	return fmt.Errorf("%s lacks a unit: write %q, %q or %q", s, s+"s", s+"m", s+"h")
}

// parseDuration reads 3h25m, +90s, -2m or 2d4h. Days are 24 hours.
func parseDuration(s string) (time.Duration, error) {
	bad := fmt.Errorf("%q is not a duration: write it as 90s, 25m, 3h25m or 2d4h", clip(s))
	rest, minus := strings.TrimPrefix(s, "+"), false
	if r, ok := strings.CutPrefix(s, "-"); ok {
		rest, minus = r, true
	}
	if rest == "" {
		return 0, errors.New(`is empty: write a duration as 90s, 25m, 3h25m or 2d4h`)
	}
	if len(rest) > 30 {
		return 0, bad
	}
	if _, err := strconv.ParseFloat(rest, 64); err == nil {
		return 0, lacksUnit(s)
	}
	var days int
	if d, r, ok := strings.Cut(rest, "d"); ok {
		n, err := strconv.ParseUint(d, 10, 12)
		if err != nil {
			return 0, bad
		}
		days, rest = int(n), r
	}
	var d time.Duration
	if rest != "" {
		if rest[0] == '-' || rest[0] == '+' {
			return 0, bad
		}
		var err error
		if d, err = time.ParseDuration(rest); err != nil || d < 0 || d > 10*366*24*time.Hour {
			return 0, bad
		}
	}
	d += time.Duration(days) * 24 * time.Hour
	if minus {
		d = -d
	}
	return d, nil
}

// short prints a duration the way the format writes it: 72h, 3h25m, 10m, 1.5s.
func short(d time.Duration) string {
	if d < 0 {
		return "-" + short(-d)
	}
	if d >= 10*24*time.Hour && d%(24*time.Hour) == 0 {
		return fmt.Sprintf("%dd", d/(24*time.Hour))
	}
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = s[:len(s)-2]
	}
	if strings.HasSuffix(s, "h0m") {
		s = s[:len(s)-2]
	}
	return s
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
			v.fail("%s", lacksUnit(fmt.Sprint(raw)))
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
		return moment{}, fmt.Errorf(`%q is not a date and time: write "2026-03-28 15:00", or with an offset "2026-03-28T15:00:00+01:00"`, clip(s))
	}
	d, err := parseDuration(s)
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
