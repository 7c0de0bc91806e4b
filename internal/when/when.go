// Package when reads points in time as people write them (+2h, fri 15:00, tomorrow, 2026-03-28 11:00), so that every user
// interface understands the same words in the zone of the door.
package when

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/accesscodes/lockctl/lock"
)

// Examples is what a prompt shows to teach the format.
const Examples = "now, +2h, 15:00, fri 15:00, tomorrow 11:00, 2026-03-28 15:00"

const (
	longest = 10 * 366 * 24 * time.Hour // bounds a length of time, well before its nanoseconds overflow
	maxText = 64                        // bytes of text that are read, and so what a sentence about it can hold
)

// errForm is the sentence for text that matches no form.
var errForm = errors.New("is not a time: write " + Examples)

// Parse reads text as an instant. Relative times (+2h, -30m, +1d12h) count from base; clock times and days are those of
// zone, and name the first such moment after now. A local time that does not exist, because clocks go forward over it, is
// an error, and so is one that happens twice.
func Parse(text string, now, base time.Time, zone *time.Location) (time.Time, error) {
	text = strings.ToLower(strings.TrimSpace(text))
	switch {
	case text == "" || len(text) > maxText:
		return time.Time{}, errForm
	case text == "now":
		return now, nil
	case text[0] == '+' || text[0] == '-':
		d, err := Duration(text[1:])
		if err != nil {
			return time.Time{}, err
		}
		if text[0] == '-' {
			d = -d
		}
		return base.Add(d), nil
	}
	if t, err := time.Parse(time.RFC3339, strings.ToUpper(text)); err == nil {
		return t, nil
	}
	fields := strings.Fields(text)
	if len(fields) == 1 {
		if day, clock, ok := strings.Cut(text, "t"); ok && strings.Count(day, "-") == 2 {
			fields = []string{day, clock}
		}
	}
	return parseLocal(fields, now.In(zone))
}

// parseLocal reads "clock", "day" or "day clock".
func parseLocal(fields []string, now time.Time) (time.Time, error) {
	switch len(fields) {
	case 1:
		if hour, minute, err := clock(fields[0]); err == nil {
			t, err := local(now, 0, hour, minute)
			if err == nil && !t.After(now) {
				return local(now, 1, hour, minute)
			}
			return t, err
		} else if strings.Contains(fields[0], ":") {
			return time.Time{}, err
		}
		return day(fields[0], now, 0, 0)
	case 2:
		hour, minute, err := clock(fields[1])
		if err != nil {
			return time.Time{}, err
		}
		return day(fields[0], now, hour, minute)
	}
	return time.Time{}, errForm
}

// day reads the name of a day and joins it with a time of day.
func day(word string, now time.Time, hour, minute int) (time.Time, error) {
	switch word {
	case "today":
		return local(now, 0, hour, minute)
	case "tomorrow":
		return local(now, 1, hour, minute)
	}
	for d := time.Sunday; d <= time.Saturday; d++ {
		name := strings.ToLower(d.String())
		if len(word) < 3 || !strings.HasPrefix(name, word) {
			continue
		}
		ahead := (int(d) - int(now.Weekday()) + 7) % 7
		t, err := local(now, ahead, hour, minute)
		if err == nil && !t.After(now) {
			return local(now, ahead+7, hour, minute)
		}
		return t, err
	}
	if date, err := time.Parse("2006-01-02", word); err == nil {
		return at(date.Year(), date.Month(), date.Day(), hour, minute, now.Location())
	}
	return time.Time{}, errForm
}

// clock reads 15:00, 9:30, 15h, 3pm or 3:30pm.
func clock(word string) (hour, minute int, err error) {
	bad := fmt.Errorf("%q is not a time of day", word)
	rest, half := word, -1
	if r, ok := strings.CutSuffix(rest, "pm"); ok {
		rest, half = r, 12
	} else if r, ok := strings.CutSuffix(rest, "am"); ok {
		rest, half = r, 0
	} else if r, ok := strings.CutSuffix(rest, "h"); ok {
		rest = r + ":00"
	}
	h, m, colon := strings.Cut(rest, ":")
	if !colon && half < 0 {
		return 0, 0, bad
	}
	if strings.Trim(h+m, "0123456789") != "" || colon && len(m) != 2 {
		return 0, 0, bad
	}
	if hour, err = strconv.Atoi(h); err != nil {
		return 0, 0, bad
	}
	if colon {
		minute, _ = strconv.Atoi(m)
	}
	if half >= 0 {
		if hour < 1 || hour > 12 {
			return 0, 0, bad
		}
		hour = hour%12 + half
	}
	if hour < 0 || hour > 23 || minute < 0 || minute > 59 {
		return 0, 0, bad
	}
	return hour, minute, nil
}

// local is the time of day, so many days after now's date.
func local(now time.Time, days, hour, minute int) (time.Time, error) {
	d := time.Date(now.Year(), now.Month(), now.Day()+days, 12, 0, 0, 0, time.UTC)
	return at(d.Year(), d.Month(), d.Day(), hour, minute, now.Location())
}

func at(year int, month time.Month, day, hour, minute int, zone *time.Location) (time.Time, error) {
	t, note := lock.Resolve(zone, year, month, day, hour, minute, 0)
	t = t.In(zone)
	switch note {
	case lock.NoteGap:
		return time.Time{}, fmt.Errorf("%02d:%02d does not exist on that day: clocks go forward over it", hour, minute)
	case lock.NoteFold:
		return time.Time{}, fmt.Errorf("%02d:%02d happens twice on that day: write %s or %s", hour, minute, t.Format(time.RFC3339), second(t).Format(time.RFC3339))
	}
	return t, nil
}

// second is the later of two instants at which clocks show the same, of which t is the earlier.
func second(t time.Time) time.Time {
	_, change := t.ZoneBounds()
	_, before := t.Zone()
	_, after := change.Zone()
	return t.Add(time.Duration(before-after) * time.Second)
}

// Format writes t, to the minute, as Parse reads it in zone: with its offset only where clocks there show it twice.
func Format(t time.Time, zone *time.Location) string {
	t = t.In(zone).Truncate(time.Minute)
	if _, note := lock.Resolve(zone, t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), 0); note != "" {
		return t.Format(time.RFC3339)
	}
	return t.Format("2006-01-02 15:04")
}

// Duration reads a positive length of time: 90m, 2h30m, 3d, 1w, 1d12h. A bare number is not one: its unit would be a guess.
func Duration(text string) (time.Duration, error) {
	text = strings.ToLower(strings.ReplaceAll(text, " ", ""))
	bad := fmt.Errorf("%q is not a length of time: write 30m, 2h, 1d12h", text)
	var sum time.Duration
	for rest := text; rest != ""; {
		n := 0
		for n < len(rest) && rest[n] >= '0' && rest[n] <= '9' {
			n++
		}
		if n == 0 || n == len(rest) || n > 6 {
			return 0, bad
		}
		v, _ := strconv.Atoi(rest[:n])
		unit, ok := map[byte]time.Duration{'s': time.Second, 'm': time.Minute, 'h': time.Hour, 'd': 24 * time.Hour, 'w': 7 * 24 * time.Hour}[rest[n]]
		if !ok {
			return 0, bad
		}
		if time.Duration(v) > (longest-sum)/unit {
			return 0, errors.New("is more than ten years")
		}
		sum += time.Duration(v) * unit
		rest = rest[n+1:]
	}
	if sum == 0 && text != "0s" {
		return 0, bad
	}
	return sum, nil
}
