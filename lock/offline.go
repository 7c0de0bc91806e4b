package lock

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// The bounds that the vendors of algorithmic codes publish.
const (
	hourlyMax  = 672 * time.Hour
	dailyMin   = 29  // days
	dailyMax   = 367 // days
	timedMin   = time.Hour
	timedMax   = 30 * 24 * time.Hour
	oneTimeFor = 24 * time.Hour
	slotsMax   = 31 // days
)

// Snap returns the window that an algorithmic code of that kind can have where w is wished, and the kind. With kind
// OfflineNone it takes, of the kinds that the lock has, the one that keeps most of w; it never chooses OfflineOneTime by
// itself, because such a code dies with its first use. The start of hourly, daily and one-time codes rounds down to the hour
// of the lock's zone, that of a timed one to the minute; that of a slot is the nearest. The end never reaches past w.To. How much is too much is the caller's
// decision, with Rounding. An error names the rule that leaves no such window.
func (t Traits) Snap(kind OfflineKind, w Window) (Window, OfflineKind, error) {
	if len(t.Offline) == 0 {
		return Window{}, OfflineNone, errors.New("the lock takes no algorithmic codes")
	}
	if kind != OfflineNone && !slices.Contains(t.Offline, kind) {
		return Window{}, OfflineNone, fmt.Errorf("the lock takes no %s codes", kind)
	}
	loc, err := LoadZone(t.Zone)
	if err != nil {
		return Window{}, OfflineNone, err
	}
	if w.From.IsZero() {
		return Window{}, OfflineNone, errors.New("an algorithmic code needs a start")
	}
	if w.To.IsZero() && kind != OfflineOneTime {
		return Window{}, OfflineNone, errors.New("an algorithmic code needs an end")
	}
	if kind != OfflineNone {
		kept, err := t.snap(kind, w, loc)
		if err != nil {
			return Window{}, OfflineNone, err
		}
		return kept.UTC(), kind, nil
	}
	var best Window
	var why error
	for _, k := range t.Offline {
		if k == OfflineOneTime {
			continue
		}
		kept, err := t.snap(k, w, loc)
		if err != nil {
			why = errors.Join(why, err)
			continue
		}
		if kind == OfflineNone || Rounding(w, kept) < Rounding(w, best) {
			best, kind = kept, k
		}
	}
	switch {
	case kind != OfflineNone:
		return best.UTC(), kind, nil
	case why != nil:
		return Window{}, OfflineNone, why
	}
	return Window{}, OfflineNone, errors.New("the lock takes one-time codes only, which die with their first use: ask for one")
}

// Rounding is the larger of the shifts of the two ends between the window that was wished and the one that is kept. An end
// that only one of them has is not compared.
func Rounding(wished, kept Window) time.Duration {
	shift := wished.From.Sub(kept.From).Abs()
	if wished.Bounded() && kept.Bounded() {
		shift = max(shift, wished.To.Sub(kept.To).Abs())
	}
	return shift
}

func (t Traits) snap(kind OfflineKind, w Window, loc *time.Location) (Window, error) {
	switch kind {
	case OfflineHourly:
		return snapHourly(w, loc)
	case OfflineDaily:
		return snapDaily(w, loc)
	case OfflineTimed:
		return snapTimed(w)
	case OfflineOneTime:
		return snapOneTime(w, loc)
	case OfflineSlots:
		return t.snapSlots(w, loc)
	}
	return Window{}, fmt.Errorf("%q is no kind of algorithmic code", kind)
}

func snapHourly(w Window, loc *time.Location) (Window, error) {
	kept := Window{onTheHour(w.From, loc), onTheHour(w.To, loc)}
	switch length := kept.To.Sub(kept.From); {
	case length < time.Hour:
		return Window{}, errors.New("an hourly code lasts at least one hour, on the hour")
	case length > hourlyMax:
		return Window{}, errors.New("an hourly code lasts at most 672 hours")
	}
	return kept, nil
}

func snapDaily(w Window, loc *time.Location) (Window, error) {
	from := onTheHour(w.From, loc)
	minute := from.Hour() * 60
	if to, note := localTime(loc, from, dailyMax+1, minute); note != NoteGap && !to.After(w.To) {
		return Window{}, errors.New("a daily code lasts at most 367 days")
	}
	for days := min(dailyMax, int(w.To.Sub(from)/(24*time.Hour))+1); days >= dailyMin; days-- {
		// On a day whose clocks jump over the hour no end has the clock time of the start.
		if to, note := localTime(loc, from, days, minute); note != NoteGap && !to.After(w.To) {
			return Window{from, to}, nil
		}
	}
	return Window{}, errors.New("a daily code lasts at least 29 days and ends at the clock time of its start")
}

func snapTimed(w Window) (Window, error) {
	kept := Window{w.From.Truncate(time.Minute), w.To.Truncate(time.Minute)}
	if length := kept.To.Sub(kept.From); length < timedMin || length > timedMax {
		return Window{}, errors.New("a timed code lasts 1 hour to 30 days")
	}
	return kept, nil
}

func snapOneTime(w Window, loc *time.Location) (Window, error) {
	from := onTheHour(w.From, loc)
	to := from.Add(oneTimeFor)
	if w.Bounded() && to.After(w.To) {
		return Window{}, errors.New("a one-time code lasts 24 hours from its start, which is past the end wished")
	}
	return Window{from, to}, nil
}

func (t Traits) snapSlots(w Window, loc *time.Location) (Window, error) {
	var best Window
	from, to := w.From.In(loc), w.To.In(loc)
	for _, slot := range t.TimeSlots {
		for startDay := -1; startDay <= 1; startDay++ {
			start, _ := localTime(loc, from, startDay, slot.Start)
			for endDay := -2; endDay <= 0; endDay++ {
				end, _ := localTime(loc, to, endDay, slot.End)
				kept := Window{start, end}
				if !end.After(start) || !end.After(w.From) || end.After(w.To) || end.Sub(start) > slotsMax*24*time.Hour {
					continue
				}
				if best.IsZero() || Rounding(w, kept) < Rounding(w, best) {
					best = kept
				}
			}
		}
	}
	if best.IsZero() {
		return Window{}, fmt.Errorf("the lock takes predefined check-in and check-out times only, %s, at most 31 days apart, and none fits the window", t.SlotTimes())
	}
	return best, nil
}

// slotsTold bounds how many predefined times are told in one sentence.
const slotsTold = 6

// SlotTimes lists the predefined check-in and check-out times for people: "15:00 to 11:00 or 18:00 to 22:00".
func (t Traits) SlotTimes() string {
	var all []string
	for _, s := range t.TimeSlots[:min(len(t.TimeSlots), slotsTold)] {
		all = append(all, fmt.Sprintf("%02d:%02d to %02d:%02d", s.Start/60, s.Start%60, s.End/60, s.End%60))
	}
	if n := len(t.TimeSlots) - slotsTold; n > 0 {
		all = append(all, fmt.Sprintf("%d more", n))
	}
	return strings.Join(all, " or ")
}

// localTime resolves a time of day, in minutes after midnight, so many days after the local date of t.
func localTime(loc *time.Location, t time.Time, days, minute int) (time.Time, string) {
	y, m, d := t.In(loc).Date()
	y, m, d = time.Date(y, m, d+days, 0, 0, 0, 0, time.UTC).Date()
	return Resolve(loc, y, m, d, minute/60, minute%60, 0)
}

// onTheHour returns the last instant up to t at which the clocks in loc show a full hour. Where a jump of half an hour lies
// in between, going back the minutes once doesn't arrive at one.
func onTheHour(t time.Time, loc *time.Location) time.Time {
	t = t.In(loc)
	for {
		past := time.Duration(t.Minute())*time.Minute + time.Duration(t.Second())*time.Second + time.Duration(t.Nanosecond())
		if past == 0 {
			return t
		}
		t = t.Add(-past)
	}
}
