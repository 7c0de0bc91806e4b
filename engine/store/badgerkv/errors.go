package badgerkv

import (
	"errors"
	"fmt"
	"strings"

	"github.com/dgraph-io/badger/v4"
	"golang.org/x/sys/unix"
)

// ErrStopped: an earlier commit ended in store.ErrUnknown, and what the disk holds can be learnt only by opening the store
// again. Nothing was read or written.
var ErrStopped = errors.New("the store stopped after a write that may or may not have been made; open it again")

// InUseError: another process, or another Store in this one, has the directory open.
type InUseError struct {
	Dir string
	PID int // of the process that has it open; 0: not known
}

func (e *InUseError) Error() string {
	if e.PID == 0 {
		return fmt.Sprintf("the store in %s is open in another process", e.Dir)
	}
	return fmt.Sprintf("the store in %s is open in process %d", e.Dir, e.PID)
}

// KeyError: the store was made with another key, or with one where none was given, or with none where one was.
type KeyError struct{ Dir string }

func (e *KeyError) Error() string {
	return fmt.Sprintf("the key does not fit this store (%s): it was made with another key, or encryption was switched on or off "+
		"since; open it with the key file that belongs to it", e.Dir)
}

// DamagedError: the files of the directory do not hold what was committed.
type DamagedError struct {
	Dir string
	Err error // what is wrong
}

func (e *DamagedError) Error() string {
	return fmt.Sprintf("the store in %s is damaged: %v; move the directory away, keep it, and restore the last "+
		"backup in its place", e.Dir, e.Err)
}

// Unwrap gives what is wrong.
func (e *DamagedError) Unwrap() error { return e.Err }

// FullError: the disk is so full that a commit could not be sure to find room. Nothing was written.
type FullError struct {
	Dir  string
	Free uint64 // bytes
}

func (e *FullError) Error() string {
	return fmt.Sprintf("the disk of %s is full: %d MiB are left, a commit needs %d MiB; make room", e.Dir, e.Free>>20, minFree>>20)
}

// DiskError: the disk did not do what it was asked. What it holds may well be whole.
type DiskError struct {
	Dir string
	Err error // what the disk said
}

func (e *DiskError) Error() string {
	return fmt.Sprintf("the disk of %s failed: %v; see to the disk, then open the store again", e.Dir, e.Err)
}

// Unwrap gives what the disk said.
func (e *DiskError) Unwrap() error { return e.Err }

// openError tells apart why a store did not open. Badger keeps no chain of causes, so the text has to do.
func openError(dir string, err error) error {
	says := func(cause error) bool { return strings.Contains(err.Error(), cause.Error()) }
	err = oneLine{err}
	switch {
	case says(badger.ErrEncryptionKeyMismatch):
		return &KeyError{dir}
	case strings.Contains(err.Error(), "Cannot acquire directory lock"): // held by a program other than this one
		return &InUseError{Dir: dir}
	}
	return systemError(dir, err, &DamagedError{dir, err})
}

// systemError is the error to return if the operating system is to blame for err, and otherwise else.
func systemError(dir string, err, otherwise error) error {
	says := func(cause error) bool { return strings.Contains(err.Error(), cause.Error()) }
	switch {
	case says(unix.ENOSPC), says(unix.EDQUOT):
		free, _ := freeBytes(dir) // 0 if that can't be told either
		return &FullError{Dir: dir, Free: free}
	case says(unix.EIO):
		return &DiskError{dir, err}
	case says(unix.EACCES), says(unix.EPERM), says(unix.EROFS), says(unix.EMFILE):
		return fmt.Errorf("open store in %s: %w", dir, err)
	}
	return otherwise
}

// oneLine is an error whose text is one line.
type oneLine struct{ error }

func (e oneLine) Error() string {
	return strings.Join(strings.FieldsFunc(e.error.Error(), func(r rune) bool { return r == '\n' }), ": ")
}

func (e oneLine) Unwrap() error { return e.error }
