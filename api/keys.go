package api

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base32"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/accesscodes/lockctl/engine/store"
)

// Scope is what a key allows.
type Scope string

// The scopes. Without pins, digits in answers are null.
const (
	ScopeRead  Scope = "read"
	ScopeWrite Scope = "write"
	ScopePINs  Scope = "pins"

	scopeOwner Scope = "owner" // of the machine: over the daemon's own socket only
)

// Scopes lists every scope.
func Scopes() []Scope { return []Scope{ScopeRead, ScopeWrite, ScopePINs} }

// Identity is who makes a request.
type Identity struct {
	Name   string // for the journal
	Scopes []Scope
	Local  bool // came over the daemon's own socket, which only its owner can open
}

// May reports whether the identity has the scope.
func (i Identity) May(s Scope) bool { return i.Local || slices.Contains(i.Scopes, s) }

// Key is an API key as it is kept: without the token, which is shown once.
type Key struct {
	ID      string
	Name    string
	Scopes  []Scope
	Created time.Time
	Revoked time.Time `json:",omitzero"`
	Hash    []byte    // SHA-256 of the token
}

// Token is the secret of a key. It prints as dots; Reveal is the only way out.
type Token struct{ text string }

func (Token) String() string   { return "seam_••••" }
func (Token) GoString() string { return "seam_••••" }

// Reveal returns the token itself, for the one who asked for it.
func (t Token) Reveal() string { return t.text }

const (
	dirKeys = "key/"
	maxKeys = 1000
	maxName = 100
	idBytes = 5  // 8 letters
	bits    = 20 // 160 bits: 32 letters
)

// letters spell ids and secrets: no sign that a shell or a URL minds.
var letters = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)

// Keys are the API keys of a store, kept in memory too. They are safe for concurrent use.
type Keys struct {
	records store.Store
	mu      sync.RWMutex
	all     map[string]Key
}

// OpenKeys reads the keys of a store.
func OpenKeys(ctx context.Context, s store.Store) (*Keys, error) {
	kvs, _, err := s.Scan(ctx, dirKeys, "", 0)
	if err != nil {
		return nil, err
	}
	k := &Keys{records: s, all: map[string]Key{}}
	for _, kv := range kvs {
		var key Key
		if err := json.Unmarshal(kv.Val, &key); err != nil {
			return nil, fmt.Errorf("the record %s is damaged: %w", kv.Key, err)
		}
		k.all[key.ID] = key
	}
	return k, nil
}

// ErrKey is what is wrong with a request about a key.
var ErrKey = errors.New("key")

// Create makes a key and returns its token, which nothing can show again. Randomness comes from rand.
func (k *Keys) Create(ctx context.Context, now time.Time, name string, scopes []Scope, rand io.Reader) (Token, Key, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	name = strings.TrimSpace(name)
	if err := CheckKey(name, scopes); err != nil {
		return Token{}, Key{}, err
	}
	if len(k.all) >= maxKeys {
		return Token{}, Key{}, fmt.Errorf("%w: there are %d keys already", ErrKey, maxKeys)
	}
	random := make([]byte, idBytes+bits)
	if _, err := io.ReadFull(rand, random); err != nil {
		return Token{}, Key{}, err
	}
	key := Key{ID: "1" + letters.EncodeToString(random[:idBytes]), Name: name, Scopes: scopes, Created: now.UTC()}
	token := Token{"seam_" + key.ID + "_" + letters.EncodeToString(random[idBytes:])} // SDKs know keys by the word in front
	hash := sha256.Sum256([]byte(token.text))
	key.Hash = hash[:]
	return token, key, k.put(ctx, key)
}

// CheckKey returns what is wrong with a key's name or scopes, or nil.
func CheckKey(name string, scopes []Scope) error {
	switch {
	case name == "" || len(name) > maxName:
		return fmt.Errorf("%w: name must have 1 to %d characters", ErrKey, maxName)
	case len(scopes) == 0:
		return fmt.Errorf("%w: scopes: at least one is needed", ErrKey)
	}
	for _, s := range scopes {
		if !slices.Contains(Scopes(), s) {
			return fmt.Errorf("%w: scopes: %q is none of read, write, pins", ErrKey, s)
		}
	}
	return nil
}

// Revoke ends a key at once.
func (k *Keys) Revoke(ctx context.Context, now time.Time, id string) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	key, ok := k.all[id]
	if !ok {
		return fmt.Errorf("%w: there is no key %q", ErrKey, id)
	}
	if !key.Revoked.IsZero() {
		return nil
	}
	key.Revoked = now.UTC()
	return k.put(ctx, key)
}

// put must be called with mu held.
func (k *Keys) put(ctx context.Context, key Key) error {
	val, err := json.Marshal(key)
	if err != nil {
		return err
	}
	if _, err := k.records.Commit(ctx, nil, []store.Op{{Key: dirKeys + key.ID, Val: val}}); err != nil {
		return err
	}
	k.all[key.ID] = key
	return nil
}

// List returns every key, oldest first.
func (k *Keys) List() []Key {
	k.mu.RLock()
	defer k.mu.RUnlock()
	all := make([]Key, 0, len(k.all))
	for _, key := range k.all {
		all = append(all, key)
	}
	slices.SortFunc(all, func(a, b Key) int {
		if n := a.Created.Compare(b.Created); n != 0 {
			return n
		}
		return strings.Compare(a.ID, b.ID)
	})
	return all
}

// check finds whom a token stands for. It takes as long for a wrong secret as for the right one.
func (k *Keys) check(token string) (Identity, bool) {
	id, _, _ := strings.Cut(strings.TrimPrefix(token, "seam_"), "_")
	k.mu.RLock()
	key, known := k.all[id]
	k.mu.RUnlock()
	hash := sha256.Sum256([]byte(token))
	if subtle.ConstantTimeCompare(hash[:], key.Hash) != 1 || !known || !key.Revoked.IsZero() {
		return Identity{}, false
	}
	return Identity{Name: "key " + key.Name, Scopes: key.Scopes}, true
}
