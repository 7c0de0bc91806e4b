package strict

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// LacksUnit is the error of a duration that is a bare number.
func LacksUnit(s string) error {
	return fmt.Errorf("%s lacks a unit: write %q, %q or %q", s, s+"s", s+"m", s+"h")
}

// ParseDuration reads 3h25m, +90s, -2m or 2d4h. Days are 24 hours.
func ParseDuration(s string) (time.Duration, error) {
	bad := fmt.Errorf("%q is not a duration: write it as 90s, 25m, 3h25m or 2d4h", Clip(s))
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
		return 0, LacksUnit(s)
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

// Short prints a duration the way a file writes it: 72h, 3h25m, 10m, 1.5s.
func Short(d time.Duration) string {
	if d < 0 {
		return "-" + Short(-d)
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

// Clip shortens what a sentence quotes of a file.
func Clip(s string) string {
	if len(s) <= 40 {
		return s
	}
	return strings.ToValidUTF8(s[:40], "") + "…"
}
