package live

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base32"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/engine/store"
	"github.com/accesscodes/lockctl/lock"
)

const (
	hookPath  = "/hooks/"
	hookBytes = 20               // of a secret path: 32 letters
	hookBody  = 1 << 20          // bytes of a vendor's post
	hookWidth = 64               // posts that are read at once; more are to come again
	hookTime  = 10 * time.Second // that a driver has to understand one
	dirHook   = "inbound/"       // inbound/<account>: the secret path of its webhooks
)

// Inbound takes the webhooks of the accounts' vendors, at /hooks/<account>/<secret>. It stands on a listener of its own, for it
// faces the vendors' networks; whatever is not understood there changes nothing.
type Inbound struct {
	notify   func(driver.Notice) error
	accounts Accounts
	path     func(lock.AccountID) string
	log      *slog.Logger
	places   chan struct{}
}

// NewInbound makes the handler. path tells where an account's vendor posts, as HookPaths has it; "" for one that has no such
// place.
func NewInbound(h *Host, accounts Accounts, path func(lock.AccountID) string, log *slog.Logger) *Inbound {
	return &Inbound{notify: h.Notify, accounts: accounts, path: path, log: log, places: make(chan struct{}, hookWidth)}
}

// HookPaths returns the path at which each account's vendor is to post. A path is drawn once and kept in the store: the vendor
// was told it.
func HookPaths(ctx context.Context, s store.Store, random io.Reader, accounts ...lock.AccountID) (map[lock.AccountID]string, error) {
	paths := map[lock.AccountID]string{}
	for _, id := range accounts {
		kv, err := s.Get(ctx, dirHook+string(id))
		if err != nil {
			return nil, err
		}
		if kv.Rev == 0 {
			secret := make([]byte, hookBytes)
			if _, err := io.ReadFull(random, secret); err != nil {
				return nil, err
			}
			kv.Val = []byte(strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(secret)))
			if _, err := s.Commit(ctx, []store.Cond{{Key: kv.Key}}, []store.Op{{Key: kv.Key, Val: kv.Val}}); err != nil {
				return nil, err
			}
		}
		paths[id] = hookPath + url.PathEscape(string(id)) + "/" + string(kv.Val)
	}
	return paths, nil
}

// ServeHTTP takes one post: 404 where no account listens, 413 for a body that is too large, 429 when too much is under way or
// waits, and else what the driver answers.
func (in *Inbound) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	id, receiver := in.receiver(r.URL.EscapedPath())
	if receiver == nil {
		http.Error(w, "nobody listens here", http.StatusNotFound)
		return
	}
	select {
	case in.places <- struct{}{}:
		defer func() { <-in.places }()
	default:
		in.later(w)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, hookBody))
	if large := (*http.MaxBytesError)(nil); errors.As(err, &large) {
		http.Error(w, fmt.Sprintf("the body has more than %d bytes", hookBody), http.StatusRequestEntityTooLarge)
		return
	}
	if err != nil {
		http.Error(w, "the body did not arrive whole", http.StatusBadRequest)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), hookTime)
	defer cancel()
	reply, notices, err := in.receive(ctx, receiver, driver.Inbound{Method: r.Method, Path: r.URL.RequestURI(), Header: r.Header, Body: body})
	if err != nil {
		in.log.Warn("a webhook was not taken", "account", id, "err", err)
		if notices = nil; reply.Status < http.StatusBadRequest {
			http.Error(w, "the post was not understood", http.StatusBadRequest)
			return
		}
	}
	for _, n := range notices {
		n.Account = id // a vendor speaks of its own account
		if err := in.notify(n); err != nil {
			in.later(w)
			return
		}
	}
	for name, values := range reply.Header {
		w.Header()[name] = values
	}
	if reply.Status < 200 || reply.Status > 599 {
		reply.Status = http.StatusOK
	}
	w.WriteHeader(reply.Status)
	if _, err := w.Write(reply.Body); err != nil {
		in.log.Debug("a webhook's answer was not taken", "account", id, "err", err)
	}
}

// later asks the vendor to post again.
func (in *Inbound) later(w http.ResponseWriter) {
	w.Header().Set("Retry-After", "5")
	http.Error(w, "too much is under way, post again", http.StatusTooManyRequests)
}

// receiver finds whose path it is. It takes as long for a wrong secret as for the right one.
func (in *Inbound) receiver(path string) (lock.AccountID, driver.Receiver) {
	name, _, _ := strings.Cut(strings.TrimPrefix(path, hookPath), "/")
	plain, err := url.PathUnescape(name)
	if err != nil {
		return "", nil
	}
	id := lock.AccountID(plain)
	want := in.path(id)
	a, b := sha256.Sum256([]byte(path)), sha256.Sum256([]byte(want))
	if subtle.ConstantTimeCompare(a[:], b[:]) != 1 || want == "" {
		return "", nil
	}
	receiver, ok := in.accounts(id).Driver.(driver.Receiver)
	if !ok {
		return "", nil
	}
	return id, receiver
}

// receive has the driver understand a post. A panic is an error: what was panicked with may hold secrets and is not told.
func (in *Inbound) receive(ctx context.Context, r driver.Receiver, post driver.Inbound) (reply driver.Reply, notices []driver.Notice, err error) {
	defer func() {
		if v := recover(); v != nil {
			reply, notices, err = driver.Reply{Status: http.StatusInternalServerError}, nil, fmt.Errorf("the driver panicked with a %T", v)
		}
	}()
	return r.Receive(ctx, post)
}
