package rest

import (
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/lock"
)

// Call is what a request is made for: a verb of the driver at a device.
type Call struct {
	Op     string
	Device lock.DeviceID // "": the account
}

// Fail is the error of the call. vendor is the vendor's own code of it, and never text that may repeat digits.
func (c Call) Fail(kind driver.Kind, blame driver.Blame, vendor string) *driver.Error {
	return &driver.Error{Op: c.Op, Device: c.Device, Kind: kind, Blame: blame, Vendor: vendor}
}

// Unclear is the error of a request that the vendor has got, and of which nobody can tell what came: after a write it may have been
// done.
func (c Call) Unclear(vendor string, writes bool) *driver.Error {
	e := c.Fail(driver.Offline, driver.BlameCloud, vendor)
	if writes {
		e.Kind = driver.Ambiguous
	}
	return e
}

// Unanswered is the error of a request that brought no answer.
func (c Call) Unanswered(err error, writes bool) *driver.Error {
	f, ok := errors.AsType[*Failure](err)
	e := c.Unclear("", writes && ok && f.Sent)
	e.Err = err
	return e
}

// Read reads the body of a success into v.
func (c Call) Read(a Answer, v any, writes bool) error {
	if err := a.JSON(v); err != nil {
		e := c.Unclear("", writes)
		e.Err = err
		return e
	}
	return nil
}

// Listed returns a list that an answer must have. One without it does not read: were it taken for an empty list, all that a look was to find
// would seem to be gone.
func Listed[T any](c Call, list *[]T) ([]T, error) {
	if list == nil {
		e := c.Unclear("", false)
		e.Err = errors.New("there is no list")
		return nil, e
	}
	return *list, nil
}

// Refusal is a row of what a vendor's refusals mean.
type Refusal struct {
	status int
	word   string
	kind   driver.Kind
	blame  driver.Blame
	again  time.Duration
}

// Means makes a row: an answer of that status (or the vendor's own number of an error), where the vendor says word, means kind and is
// the fault of blame. Word "" stands for whatever is said, again for the pause of Throttled where the answer tells none. The last is
// the row's source, for whoever reads the table.
func Means(status int, word string, kind driver.Kind, blame driver.Blame, again time.Duration, _ string) Refusal {
	return Refusal{status, word, kind, blame, again}
}

// Refused is the error of an answer that is no success, by the first row of the table that holds. said is where words are looked for,
// in lower case; nothing of it is kept. What no row knows is unclear, and so is a row's doubt about what was only to be read.
func (c Call) Refused(table []Refusal, a Answer, said string, writes bool) *driver.Error {
	for _, r := range table {
		if r.status != a.Status || !strings.Contains(said, r.word) {
			continue
		}
		vendor := strings.TrimSpace(strconv.Itoa(a.Status) + " " + r.word)
		if r.kind == driver.Ambiguous && !writes {
			return c.Unclear(vendor, false)
		}
		e := c.Fail(r.kind, r.blame, vendor)
		if r.kind == driver.Throttled {
			e.RetryAfter = a.RetryAfter(r.again)
		}
		return e
	}
	return c.Unclear(strconv.Itoa(a.Status), writes)
}

// Unsigned is the error of a call for which there is no token: that of the vendor who was asked for one, else that it could not be read
// or kept. Nothing was sent.
func (c Call) Unsigned(err error) error {
	if e, ok := errors.AsType[*driver.Error](err); ok {
		own := *e
		own.Op, own.Device = c.Op, c.Device
		return &own
	}
	e := c.Fail(driver.Offline, driver.BlameAccount, "")
	e.Err = err
	return e
}
