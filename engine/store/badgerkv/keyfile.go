package badgerkv

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// KeyFile reads the encryption key at path, 64 hexadecimal digits, or makes one where there is no file. The file must be
// closed to other users (mode 0600 or less), and must be kept apart from the store and its backups: without it they cannot
// be read. Of several processes that make it at once all get the same key.
func KeyFile(path string) ([]byte, error) {
	key, err := readKey(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return key, err
	}
	if err := makeKey(path); err != nil {
		return nil, fmt.Errorf("make key file: %w", err)
	}
	return readKey(path)
}

func readKey(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("read key file: %w", err)
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("key file %s: not a regular file", path)
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return nil, fmt.Errorf("key file %s: its mode is %04o, so other users may read the key; set it to 0600", path, mode)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read key file: %w", err)
	}
	key, err := hex.DecodeString(strings.TrimSpace(string(text)))
	if err != nil || len(key) != KeySize {
		return nil, fmt.Errorf("key file %s: want %d hexadecimal digits and nothing else", path, 2*KeySize)
	}
	return key, nil
}

// makeKey writes a new key to path unless somebody else has meanwhile: a link, unlike a rename, never replaces a key.
func makeKey(path string) error {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	key := make([]byte, KeySize)
	rand.Read(key) // crypto/rand: never fails, or ends the process
	tmp, err := tempFile(dir, []byte(hex.EncodeToString(key)+"\n"))
	if err != nil {
		return err
	}
	err = os.Link(tmp, path)
	if errors.Is(err, fs.ErrExist) {
		err = nil
	}
	return errors.Join(err, os.Remove(tmp), syncDir(dir))
}
