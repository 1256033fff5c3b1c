#!/bin/sh
# soak.sh BUILD MINUTES JOBS: runs every fuzzer of a fuzz build for so many minutes, JOBS at a time, on its seeds and on
# what was found before (build/corpus). Fails when one finds a fault; the input that shows it stays in build/corpus.
set -eu
corpora=build/corpus

one() {  # FUZZER MINUTES
  name=${1##*/chappe_fuzz_}
  mkdir -p "$corpora/$name"
  set -- "$1" -max_total_time=$(($2 * 60)) -timeout=10 -rss_limit_mb=2048 -artifact_prefix="$corpora/$name-"
  for dict in $(find src -name '*_fuzz.dict'); do
    [ "$(echo "${dict#src/}" | sed 's,_fuzz\.dict,,; s,/,_,g')" != "$name" ] || set -- "$@" "-dict=$dict"
  done
  set -- "$@" "$corpora/$name"
  [ ! -d "tests/fuzz/seeds/$name" ] || set -- "$@" "tests/fuzz/seeds/$name"
  if "$@" > "$corpora/$name.log" 2>&1; then
    echo "ok   $name: $(sed -n 's/^Done \([0-9]*\) runs.*/\1 runs/p' "$corpora/$name.log")"
  else
    echo "FAIL $name: see $corpora/$name.log"
    return 1
  fi
}

if [ "$1" = --one ]; then
  one "$2" "$3"
else
  mkdir -p "$corpora"
  find "$1/src" -maxdepth 1 -name 'chappe_fuzz_*' -type f | sort | xargs -P "$3" -I '{}' "$0" --one '{}' "$2"
fi
