package badgerkv

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/accesscodes/lockctl/engine/store"
)

const (
	lockName = "lockctl.lock" // locked while open; holds the pid of who has it
	noteName = "lockctl.rev"  // the revision at the last Close
)

// dirLock is our hold on a directory. The kernel lets go of it when the process ends, however it ends.
type dirLock struct {
	dir  string
	file *os.File
}

// lockDir makes dir if need be, closes it to other users and takes its lock, or returns an *InUseError.
func lockDir(dir string) (*dirLock, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	if err := os.Chmod(dir, 0o700); err != nil { // Badger's own files are readable by all
		return nil, fmt.Errorf("open store: %w", err)
	}
	f, err := os.OpenFile(filepath.Join(dir, lockName), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	switch err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); {
	case errors.Is(err, unix.EWOULDBLOCK):
		text, _ := io.ReadAll(io.LimitReader(f, 32)) // a pid that cannot be read is one that is not known
		pid, _ := strconv.Atoi(strings.TrimSpace(string(text)))
		return nil, errors.Join(&InUseError{dir, pid}, f.Close())
	case err != nil:
		return nil, errors.Join(fmt.Errorf("open store: lock %s: %w", f.Name(), err), f.Close())
	}
	l := &dirLock{dir, f}
	if err := l.write(strconv.Itoa(os.Getpid()) + "\n"); err != nil {
		return nil, errors.Join(fmt.Errorf("open store: %w", err), f.Close())
	}
	return l, nil
}

func (l *dirLock) write(text string) error {
	if err := l.file.Truncate(0); err != nil {
		return err
	}
	_, err := l.file.WriteAt([]byte(text), 0)
	return err
}

// release lets go of the directory. The file stays: removing it could take it from somebody who has just locked it.
func (l *dirLock) release() error {
	return errors.Join(l.write(""), l.file.Close())
}

// note keeps the revision that the store is closed at, so that the next Open can tell when part of it is gone: Badger itself
// takes a shortened file for one that a crash cut off, and drops the rest without a word.
func (l *dirLock) note(rev store.Rev) error {
	return writeFile(filepath.Join(l.dir, noteName), fmt.Appendf(nil, "%d\n", rev))
}

// noted is the revision noted last, 0 if none was.
func (l *dirLock) noted() (store.Rev, error) {
	text, err := os.ReadFile(filepath.Join(l.dir, noteName))
	if errors.Is(err, os.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	rev, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%s does not hold a revision", noteName)
	}
	return store.Rev(rev), nil
}

// writeFile puts data at path, whole or not at all, also across a power cut.
func writeFile(path string, data []byte) error {
	tmp, err := tempFile(filepath.Dir(path), data)
	if err != nil {
		return err
	}
	if err := os.Rename(tmp, path); err != nil {
		return errors.Join(err, os.Remove(tmp))
	}
	return syncDir(filepath.Dir(path))
}

// tempFile writes data, synced, to a new file in dir that only its owner may read.
func tempFile(dir string, data []byte) (string, error) {
	f, err := os.CreateTemp(dir, ".lockctl-*") // mode 0600
	if err != nil {
		return "", err
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return "", errors.Join(err, os.Remove(f.Name()))
	}
	return f.Name(), nil
}

// syncDir makes the names in dir durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
