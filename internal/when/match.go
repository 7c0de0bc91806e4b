package when

import (
	"strings"
	"time"
)

// pastDay reads a word as a day that was, or is: today, yesterday, the last such weekday, or a date. The day ends before to.
func pastDay(word string, now time.Time, zone *time.Location) (from, to time.Time, ok bool) {
	day := func(y int, m time.Month, d int) (time.Time, time.Time, bool) {
		return time.Date(y, m, d, 0, 0, 0, 0, zone), time.Date(y, m, d+1, 0, 0, 0, 0, zone), true
	}
	local := now.In(zone)
	y, m, d := local.Date()
	switch word {
	case "today":
		return day(y, m, d)
	case "yesterday":
		return day(y, m, d-1)
	}
	if len(word) >= 3 {
		for w := time.Sunday; w <= time.Saturday; w++ {
			if strings.HasPrefix(strings.ToLower(w.String()), word) {
				return day(y, m, d-(int(local.Weekday())-int(w)+7)%7)
			}
		}
	}
	if t, err := time.Parse(time.DateOnly, word); err == nil {
		return day(t.Year(), t.Month(), t.Day())
	}
	return time.Time{}, time.Time{}, false
}

// Matches reports whether every word occurs in text, which is in lower case, and no !word does. A word that is a day of the
// past in zone, such as today, fri or 2026-06-12, also holds if at lies in it; device:front and the like look for the value.
func Matches(text, words string, at, now time.Time, zone *time.Location) bool {
	for _, w := range strings.Fields(strings.ToLower(words)) {
		w, not := strings.CutPrefix(w, "!")
		if w == "" {
			continue
		}
		holds := strings.Contains(text, w)
		if from, to, ok := pastDay(w, now, zone); ok {
			holds = holds || !at.Before(from) && at.Before(to)
		}
		if _, value, ok := strings.Cut(w, ":"); ok {
			holds = holds || value != "" && strings.Contains(text, value)
		}
		if holds == not {
			return false
		}
	}
	return true
}
