// The body of recursion_sixteen.cpp, once for each width of registers: TWIN_LANES words of 64 bits. No guard against
// being included twice, no functions of others: what is compiled for one processor must not be linked in for another.
namespace TWIN_LANES_NAME {

constexpr std::size_t kLanes = TWIN_LANES;
typedef std::uint64_t Words __attribute__((vector_size(8 * TWIN_LANES)));
typedef std::int64_t Ticks __attribute__((vector_size(8 * TWIN_LANES)));
typedef double Doubles __attribute__((vector_size(8 * TWIN_LANES)));

/// mix64().
[[gnu::always_inline]] inline void mix(Words& x) noexcept {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
  x = x ^ (x >> 31);
}

std::uint64_t digest(const std::uint64_t* lots, std::uint64_t step, std::uint64_t machine, const std::int64_t* starts,
                     const std::int64_t* ends) noexcept {
  Words sum{};
  for (std::size_t block = 0; block < 16; block += kLanes) {
    Words what, when, end;
    __builtin_memcpy(&what, lots + block, sizeof what);
    __builtin_memcpy(&when, starts + block, sizeof when);
    __builtin_memcpy(&end, ends + block, sizeof end);
    what += step;
    mix(what);
    when = machine + when * 0xd1342543de82ef95ULL;
    mix(when);
    what ^= when + end * 0xaf251af3b0f025b5ULL;
    mix(what);
    sum += what;
  }
  std::uint64_t all = 0;
  for (std::size_t i = 0; i < kLanes; ++i) all += sum[i];
  return all;
}

bool ticks(const double* seconds, double longest, std::int64_t* out) noexcept {
  Ticks fits = Ticks{} - 1;
  for (std::size_t block = 0; block < 16; block += kLanes) {
    Doubles x;
    __builtin_memcpy(&x, seconds + block, sizeof x);
    const Doubles ns = x * 1e9;
    const Ticks short_enough = (Ticks)(ns < longest);
    fits &= short_enough;
    const Ticks kept = short_enough & (Ticks)(ns > 0.0);  // else 0
    const Doubles y = (Doubles)((Ticks)ns & kept) + 0.5;
    const Doubles above = y + 0x1p52;  // the nearest integer stands in the low bits
    const Ticks nearest = (Ticks)above - 0x4330000000000000;
    const Ticks whole = nearest + (Ticks)((above - 0x1p52) > y);  // a comparison that holds is -1
    __builtin_memcpy(out + block, &whole, sizeof whole);
  }
  bool all = true;
  for (std::size_t i = 0; i < kLanes; ++i) all = all && fits[i] != 0;
  return all;
}

}  // namespace TWIN_LANES_NAME
