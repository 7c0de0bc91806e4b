package august

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/accesscodes/lockctl/lock"
)

// The kinds of access.
const (
	always    = "always"
	recurring = "recurring"
	temporary = "temporary"
	oneTime   = "one-time"
)

// access is when a code opens: the words of who wrote it, which are told as they were, and what they mean.
type access struct {
	kind   string
	times  string
	recurs string
	stay   lock.Window    // of temporary
	from   int            // seconds of the day, of recurring
	to     int            // the same
	days   []time.Weekday // of recurring
}

// accessOf tells of a window that the app has made.
func accessOf(w lock.Window) access {
	if w.IsZero() {
		return access{kind: always}
	}
	return access{kind: temporary, times: "DTSTART=" + stamp(w.From) + ";DTEND=" + stamp(w.To), stay: w}
}

const written = "2006-01-02T15:04:05.000Z"

// parseAccess reads the three fields of a command.
func parseAccess(kind, times, recurs string) (access, error) {
	a := access{kind: kind, times: times, recurs: recurs}
	if kind == "oneTime" {
		a.kind = oneTime
	}
	fields := map[string]string{}
	for f := range strings.SplitSeq(times, ";") {
		if name, value, ok := strings.Cut(f, "="); ok {
			fields[name] = value
		}
	}
	switch a.kind {
	case always, oneTime:
		return a, nil
	case temporary:
		var err error
		a.stay, err = stay(fields)
		return a, err
	case recurring:
		from, err := strconv.Atoi(fields["STARTSEC"])
		to, wrong := strconv.Atoi(fields["ENDSEC"])
		if err != nil || wrong != nil || from < 0 || to <= from || to > 24*60*60 {
			return a, errors.New("accessTimes must be STARTSEC=s;ENDSEC=s")
		}
		a.from, a.to = from, to
		return a, a.parseDays()
	}
	return access{}, errors.New("accessType is unknown")
}

func stay(fields map[string]string) (w lock.Window, err error) {
	if text, ok := fields["STARTSEC"]; ok {
		from, err := strconv.ParseInt(text, 10, 64)
		to, wrong := strconv.ParseInt(fields["ENDSEC"], 10, 64)
		if err != nil || wrong != nil {
			return w, errors.New("accessTimes must be STARTSEC=s;ENDSEC=s")
		}
		w = lock.Window{From: time.Unix(from, 0).UTC(), To: time.Unix(to, 0).UTC()}
	} else {
		if w.From, err = time.Parse(written, fields["DTSTART"]); err != nil {
			return w, errors.New("DTSTART must match YYYY-MM-DDTHH:mm:ss.SSSZ")
		}
		w.To = w.From.Add(time.Hour)
		if text, ok := fields["DTEND"]; ok {
			if w.To, err = time.Parse(written, text); err != nil {
				return w, errors.New("DTEND must match YYYY-MM-DDTHH:mm:ss.SSSZ")
			}
		}
	}
	if !w.To.After(w.From) {
		return w, errors.New("DTEND must be after DTSTART")
	}
	return w, nil
}

func (a *access) parseDays() error {
	names := []string{"SU", "MO", "TU", "WE", "TH", "FR", "SA"}
	for rule := range strings.SplitSeq(a.recurs, ";") {
		name, value, _ := strings.Cut(rule, "=")
		switch {
		case name == "FREQ" && value == "DAILY":
			a.days = []time.Weekday{0, 1, 2, 3, 4, 5, 6}
		case name == "FREQ" && value == "WEEKLY", name == "INTERVAL" && value == "1":
		case name == "BYDAY":
			for day := range strings.SplitSeq(value, ",") {
				i := slices.Index(names, day)
				if i < 0 {
					return errors.New("accessRecurrence names an unknown day")
				}
				a.days = append(a.days, time.Weekday(i))
			}
		default:
			return errors.New("accessRecurrence is not understood")
		}
	}
	if len(a.days) == 0 {
		return errors.New("accessRecurrence names no day")
	}
	return nil
}

// window is what the lock is asked to gate on: of a recurring code the turn that is, or comes next.
func (a *access) window(now time.Time, zone string) lock.Window {
	if a.kind != recurring {
		return a.stay
	}
	place, err := time.LoadLocation(zone)
	if err != nil {
		place = time.UTC
	}
	y, m, d := now.In(place).Date()
	for day := 0; ; day++ {
		from := time.Date(y, m, d+day, 0, 0, a.from, 0, place)
		to := time.Date(y, m, d+day, 0, 0, a.to, 0, place)
		if to.After(now) && slices.Contains(a.days, from.Weekday()) {
			return lock.Window{From: from.UTC(), To: to.UTC()}
		}
	}
}
