package api

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strconv"
	"time"

	"github.com/accesscodes/lockctl/engine"
)

// keyHeader is where a caller names a command, so that it may be sent again without being done twice.
const keyHeader = "Idempotency-Key"

const maxIdempotency = 255 // bytes of such a name

// repeatKey is the engine's key for a command that a caller has named: each caller has names of their own.
func repeatKey(who Identity, parts ...string) string {
	h := sha256.New()
	h.Write([]byte(who.Name))
	for _, p := range parts {
		h.Write([]byte("\x00" + p))
	}
	return "api-" + base64.RawURLEncoding.EncodeToString(h.Sum(nil)[:18])
}

// named reads the name that a request gives its command; "": none.
func named(r *http.Request, who Identity) (string, error) {
	name := r.Header.Get(keyHeader)
	switch {
	case name == "":
		return "", nil
	case len(name) > maxIdempotency:
		return "", invalid(mistake{keyHeader, "must have at most " + number(maxIdempotency) + " characters"})
	}
	return repeatKey(who, keyHeader, name), nil
}

const (
	repeatWithin = 10 * time.Minute // after that the same PUT is another wish
	maxRepeats   = 64               // of the same PUT that are told apart
)

// createMany makes codes. SDKs send it as a PUT, and again when no answer comes: then the codes that the first one made are the
// answer, as long as they are all there.
func (c *call) createMany(do engine.CreateMany) (engine.Receipt, error) {
	if c.verb != http.MethodPut || c.key != "" {
		return c.submit(do)
	}
	for i := range maxRepeats {
		r, err := c.submitAs(repeatKey(c.who, http.MethodPut, c.asked(), strconv.Itoa(i)), do)
		if err != nil || c.now.Sub(r.At) <= repeatWithin && c.stand(r) {
			return r, err
		}
	}
	return c.submit(do)
}

// stand reports whether all codes of a receipt are there.
func (c *call) stand(r engine.Receipt) bool {
	for _, id := range r.Codes {
		if v, err := c.live(id, nil); err != nil || v.Status == engine.StatusRemoving {
			return false
		}
	}
	return true
}
