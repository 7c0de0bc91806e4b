package drivertest

import (
	"errors"
	"io"
	"log/slog"
	"testing"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/lock"
)

// Must ends the test at what should not have gone wrong.
func Must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// PIN reads digits.
func PIN(t testing.TB, digits string) lock.PIN {
	t.Helper()
	pin, err := lock.ParsePIN(digits)
	Must(t, err)
	return pin
}

// Find is the device of that name among those that a driver lists.
func Find(t testing.TB, d driver.Driver, name string) lock.Device {
	t.Helper()
	all, err := d.Devices(t.Context())
	Must(t, err)
	for _, x := range all {
		if x.Name == name {
			return x
		}
	}
	t.Fatalf("%d devices are listed, and %q is none of them", len(all), name)
	return lock.Device{}
}

// Log writes all that is logged, so that it can be searched for what must not be told.
func Log(to io.Writer) *slog.Logger {
	return slog.New(slog.NewTextHandler(to, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// Error is what a driver says of a failure; anything else ends the test.
func Error(t testing.TB, err error) *driver.Error {
	t.Helper()
	e, ok := errors.AsType[*driver.Error](err)
	if !ok {
		t.Fatalf("%v is no *driver.Error", err)
	}
	return e
}

// Typed ends the test at a failure of a verb that is no *driver.Error; success is as good.
func Typed(t testing.TB, verb string, err error) {
	t.Helper()
	if _, ok := errors.AsType[*driver.Error](err); err != nil && !ok {
		t.Fatalf("%s: %v", verb, err)
	}
}

// Fails reports an error of what was tried that is not of this kind and blame.
func Fails(t testing.TB, what string, err error, kind driver.Kind, blame driver.Blame) {
	t.Helper()
	if e, ok := errors.AsType[*driver.Error](err); !ok || e.Kind != kind || e.Blame != blame {
		t.Errorf("%s: %v, not %v (%v)", what, err, kind, blame)
	}
}
