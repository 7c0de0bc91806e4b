package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"github.com/accesscodes/lockctl/driver/provider"
	"github.com/accesscodes/lockctl/lock"
)

// tokenFile keeps the token of one account beside the store, which only one process can open: the daemon uses the token, and a person signs
// in while it runs. It is as safe as the key of the store, which lies in the same folder.
type tokenFile struct{ path string }

// tokens are those of an account.
func (a *app) tokens(id lock.AccountID) (*tokenFile, error) {
	dir, err := a.dataDir()
	if err != nil {
		return nil, err
	}
	return &tokenFile{filepath.Join(dir, "tokens", string(id)+".json")}, nil
}

// savedToken is what the file holds.
type savedToken struct {
	Rev   provider.Rev `json:"revision"`
	Token string       `json:"token"`
}

// Load implements provider.Secrets.
func (f *tokenFile) Load(context.Context) (provider.Token, provider.Rev, error) {
	text, err := os.ReadFile(f.path)
	if errors.Is(err, fs.ErrNotExist) {
		return provider.Token{}, 0, nil
	}
	if err != nil {
		return provider.Token{}, 0, err
	}
	var held savedToken
	if json.Unmarshal(text, &held) != nil || held.Rev == 0 {
		return provider.Token{}, 0, fmt.Errorf("%s: holds no token; remove it and sign in again", f.path)
	}
	return provider.NewToken(held.Token), held.Rev, nil
}

// Save implements provider.Secrets. Processes wait for each other at a file that is locked for as long as one is written.
func (f *tokenFile) Save(ctx context.Context, t provider.Token, at provider.Rev) (rev provider.Rev, err error) {
	if err := os.MkdirAll(filepath.Dir(f.path), 0o700); err != nil {
		return 0, err
	}
	turn, err := os.OpenFile(f.path+".lock", os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, turn.Close()) }() // the kernel lets go of the lock with the file
	if err := unix.Flock(int(turn.Fd()), unix.LOCK_EX); err != nil {
		return 0, fmt.Errorf("lock %s: %w", turn.Name(), err)
	}
	_, held, err := f.Load(ctx)
	if err != nil {
		return 0, err
	}
	if held != at {
		return 0, provider.ErrStale
	}
	text, err := json.Marshal(savedToken{at + 1, t.Reveal()})
	if err != nil {
		return 0, err
	}
	return at + 1, f.replace(text)
}

// replace puts text at the path, whole or not at all, also across a power cut.
func (f *tokenFile) replace(text []byte) error {
	next, err := os.OpenFile(f.path+".new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = next.Write(text)
	if err == nil {
		err = next.Sync()
	}
	if err = errors.Join(err, next.Close()); err != nil {
		return err
	}
	if err := os.Rename(next.Name(), f.path); err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(f.path))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
