import pickle

import numpy as np
import pytest
from scipy import stats

import twin

D = twin.Distribution
CASES = {
    "uniform": (D.uniform(2, 5), stats.uniform(2, 3)),
    "triangular": (D.triangular(2, 3, 6), stats.triang(0.25, 2, 4)),
    "exponential": (D.exponential(48), stats.expon(scale=48)),
    "gamma": (D.gamma(2.5, 12), stats.gamma(2.5, scale=12)),
    "small gamma": (D.gamma(0.3, 12), stats.gamma(0.3, scale=12)),
    "erlang": (D.erlang(3, 30), stats.gamma(3, scale=10)),
    "gamma by cv": (D.gamma_mean_cv(20, 0.5), stats.gamma(4, scale=5)),
    "weibull": (D.weibull(1.7, 40), stats.weibull_min(1.7, scale=40)),
    "lognormal": (D.lognormal(2, 0.4), stats.lognorm(0.4, scale=np.exp(2))),
    "normal": (D.normal(10, 3), stats.norm(10, 3)),
    "truncated normal": (D.normal(10, 3).truncated(8, 15), stats.truncnorm(-2 / 3, 5 / 3, 10, 3)),
    "beta": (D.beta(2, 3.5, 1, 4), stats.beta(2, 3.5, 1, 3)),
    "shifted exponential": (D.exponential(5).shifted(3), stats.expon(3, 5)),
}
LEVELS = np.array([0.001, 0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99, 0.999])


@pytest.mark.parametrize("name", CASES)
def test_density_cdf_and_quantile_agree_with_scipy(name):
    ours, theirs = CASES[name]
    x = theirs.ppf(LEVELS)
    np.testing.assert_allclose(ours.quantile(LEVELS), x, rtol=1e-9)
    np.testing.assert_allclose(ours.cdf(x), LEVELS, rtol=1e-9)
    np.testing.assert_allclose(ours.density(x), theirs.pdf(x), rtol=1e-8)
    np.testing.assert_array_equal(ours.pdf(x), ours.density(x))
    assert ours.mean == pytest.approx(theirs.mean(), rel=1e-9)
    assert ours.variance == pytest.approx(theirs.var(), rel=1e-8)
    assert ours.sd == pytest.approx(theirs.std(), rel=1e-8)


@pytest.mark.parametrize("name", CASES)
def test_residual_agrees_with_scipy(name):
    ours, theirs = CASES[name]
    for age in np.maximum(theirs.ppf([0.05, 0.5, 0.9]), 0):
        wanted = theirs.isf(theirs.sf(age) * (1 - LEVELS)) - age
        np.testing.assert_allclose(ours.residual(age, LEVELS), wanted, rtol=1e-6, atol=1e-9)


def test_functions_take_numbers_and_arrays_of_any_shape():
    d = D.exponential(2)
    assert isinstance(d.cdf(1.0), float)
    assert d.cdf(np.ones((2, 3))).shape == (2, 3)
    assert d.residual(np.array([[0.0], [1.0]]), np.array([0.1, 0.5, 0.9])).shape == (2, 3)
    np.testing.assert_allclose(d.residual(np.array([0.0, 7.0]), 0.5), 2 * np.log(2))


def test_empirical_and_discrete():
    e = D.empirical([4, 1, 3])
    assert [e.quantile(0), e.quantile(0.5), e.quantile(1)] == [1, 3, 4]
    d = D.discrete([10, 20], [3, 1])
    assert d.cdf(10) == 0.75
    assert d.density(20) == 0.25
    assert d.mean == 12.5


def test_text_reads_back():
    d = D("lognormal(mean 12 min, cv 0.3)")
    assert d.mean == pytest.approx(720)
    assert D(d.text()) == d
    assert str(d) in repr(d)
    assert D("90 s") == D.deterministic(90)


@pytest.mark.parametrize("name", CASES)
def test_pickles(name):
    d = CASES[name][0]
    assert pickle.loads(pickle.dumps(d)) == d


def test_sample_is_a_function_of_seed_and_name():
    d = D.gamma(2, 3)
    x = d.sample(2000, seed=1)
    np.testing.assert_array_equal(x[:10], d.sample(10, seed=1))
    assert (x[:10] != d.sample(10, seed=2)).all()
    assert (x[:10] != d.sample(10, seed=1, name="other")).all()
    assert stats.kstest(x, stats.gamma(2, scale=3).cdf).pvalue > 0.001


def test_bad_parameters_are_named():
    with pytest.raises(twin.InvalidArgument, match="mean"):
        D.exponential(-1)
    with pytest.raises(ValueError, match="-1"):
        D.exponential(-1)
    with pytest.raises(twin.InvalidArgument, match="exponentail"):
        D("exponentail(48 s)")
