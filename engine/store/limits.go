package store

import "fmt"

// What one record may hold, in bytes. The shortest key is one byte.
const (
	MaxKey   = 1 << 10
	MaxValue = 512 << 10
)

// LocalLimits bounds a commit to a store of this machine: 3,000 operations of 1.5 MiB. Every local store takes the same, so
// that the engine takes the same steps whichever it stands on.
func LocalLimits() Limits { return Limits{MaxOps: 3000, MaxBytes: 3 << 19} }

// Size is what o counts against Limits.MaxBytes: the bytes of its key and, unless it deletes, of its value.
func (o Op) Size() int {
	if o.Delete {
		return len(o.Key)
	}
	return len(o.Key) + len(o.Val)
}

// Check returns nil if a store with these limits takes ops as one commit, and otherwise an error that names the bound; it
// is ErrTooBig if fewer or smaller operations would be taken.
func (l Limits) Check(ops []Op) error {
	if len(ops) > l.MaxOps {
		return fmt.Errorf("%w: %d operations, at most %d", ErrTooBig, len(ops), l.MaxOps)
	}
	size := 0
	for i := range ops {
		switch key := ops[i].Key; {
		case key == "":
			return fmt.Errorf("operation %d: the key is empty", i)
		case len(key) > MaxKey:
			return fmt.Errorf("operation %d: the key has %d bytes, at most %d", i, len(key), MaxKey)
		case len(ops[i].Val) > MaxValue && !ops[i].Delete:
			return fmt.Errorf("%w: operation %d: the value has %d bytes, at most %d", ErrTooBig, i, len(ops[i].Val), MaxValue)
		}
		size += ops[i].Size()
	}
	if size > l.MaxBytes {
		return fmt.Errorf("%w: %d bytes, at most %d", ErrTooBig, size, l.MaxBytes)
	}
	return nil
}
