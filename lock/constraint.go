package lock

// ConstraintKind is one of the fourteen rules that access-code APIs publish for PINs, names and starts.
type ConstraintKind string

// The fourteen constraint kinds.
const (
	NoZeros             ConstraintKind = "no_zeros"
	CannotStartWith12   ConstraintKind = "cannot_start_with_12"
	NoTripleConsecutive ConstraintKind = "no_triple_consecutive_ints"
	CannotSpecifyPIN    ConstraintKind = "cannot_specify_pin_code"
	MatchesExistingSet  ConstraintKind = "pin_code_matches_existing_set"
	StartInFuture       ConstraintKind = "start_date_in_future"
	NoSequence          ConstraintKind = "no_ascending_or_descending_sequence"
	AtLeastThreeUnique  ConstraintKind = "at_least_three_unique_digits"
	NotAllSame          ConstraintKind = "no_all_same_digits"
	UniqueFirstFour     ConstraintKind = "unique_first_four_digits"
	CannotContain089    ConstraintKind = "cannot_contain_089"
	CannotContain0789   ConstraintKind = "cannot_contain_0789"
	NameLength          ConstraintKind = "name_length"
	NameMustBeUnique    ConstraintKind = "name_must_be_unique"
)

// Constraint is one rule of a lock. Min and Max belong to NameLength, in characters; 0 means no bound.
type Constraint struct {
	Kind ConstraintKind
	Min  int `json:",omitzero"`
	Max  int `json:",omitzero"`
}
