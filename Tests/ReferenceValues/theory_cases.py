"""Right values of hard instances, by mpmath with d x d formulas at 200 digits, as Tests/TheoremsTests/TheoryCases.swift.

    python3 Tests/ReferenceValues/theory_cases.py FOLDER > Tests/TheoremsTests/TheoryCases.swift

FOLDER/NAME/i.safetensors are instances of `palimpsest theorem`. Needs mpmath and safetensors.
"""
import sys
import mpmath as mp
from safetensors import safe_open

mp.mp.dps = 200
NAMES = ["zeroAB_U1", "muA1e_16own2", "ngtd1e-12", "Ux1e-09", "illU1e_14", "tinytest"]


def matrix(rows):
    return mp.matrix([[mp.mpf(float(value)) for value in row] for row in rows])


def values(name):
    file = safe_open(f"{sys.argv[1]}/{name}/i.safetensors", "numpy")
    meta = file.metadata()
    tensors = {key: file.get_tensor(key) for key in file.keys()}
    x = {key[2:]: matrix(tensors[key]) for key in tensors if key[0] == "X"}
    y = {key[2:]: matrix([[v] for v in tensors[key]]) for key in tensors if key[0] == "y"}
    mu = {key[3:]: mp.mpf(float(meta[key])) for key in meta if key.startswith("mu_")}
    d, k, m = x["A"].cols, x["U"].rows, x["test"].rows
    eta = mp.mpf(float(meta["eta"]))

    def train(path):
        theta = mp.zeros(d, 1)
        for s in path:
            left = x[s].T * x[s] + mu[s] * mp.eye(d)
            theta = mp.lu_solve(left, x[s].T * y[s] + mu[s] * theta)
        return theta

    def path(order):
        order = list(order)
        if "U" in mu:
            order.insert(int(meta["position_U"]) - 1, "U")
        return order

    ab, ba = train(path("AB")), train(path("BA"))
    delta = ab - ba
    inner = x["U"] * x["U"].T
    projected = x["U"].T * mp.lu_solve(inner, x["U"] * delta)
    rho = 2 * eta / k * mp.norm(x["U"] * projected) ** 2 / mp.norm(projected) ** 2
    # sigma_U: the least eigenvalue of L^-1 H'H L^-T with X_U X_U' = L L'.
    lower = mp.cholesky(inner)
    h = mp.inverse(lower) * x["U"] * x["test"].T
    sigma = mp.sqrt(min(mp.eigsy(h * h.T, eigvals_only=True)))
    top = mp.sqrt(max(mp.eigsy(x["test"] * x["test"].T, eigvals_only=True)))
    c0 = top * mp.norm(delta - projected)
    t0 = mp.ceil(mp.log(2 * c0 / (sigma * mp.norm(projected))) / mp.log1p(rho))
    apart = mp.nan
    if "U" in mu:
        apart = mp.log10(mp.norm(x["test"] * (ab - train("AB"))) ** 2 / m)
    moments = 2 * eta / k * x["U"].T * x["U"]
    both = [(x[s], s) for s in "AB"]
    rows = sum(one.rows for one, _ in both)
    for one, _ in both:
        moments -= 2 * eta / rows * one.T * one
    greatest = max(mp.eigsy(moments, eigvals_only=True))
    return tensors, meta, [mp.norm(delta), mp.norm(projected), sigma, rho, t0, apart, greatest]


def number(value):
    return ".nan" if mp.isnan(value) else mp.nstr(value, 17, strip_zeros=False)


print("// Made by Tests/ReferenceValues/theory_cases.py with mpmath at 200 digits; do not edit.\n")
print("/// A hard instance and its right values; NaN where there is none.")
print("struct TheoryCase: Sendable {")
for field in ["name: String", "mu: [Double]", "position: Int", "xA: [[Double]]", "yA: [Double]", "xB: [[Double]]",
              "yB: [Double]", "xU: [[Double]]", "yU: [Double]", "xTest: [[Double]]", "difference: Double",
              "projected: Double", "sigmaU: Double", "rhoStar: Double", "t0: Double", "log10ToRetrained: Double",
              "weakLambdaMax: Double"]:
    print(f"  let {field}")
print("}\n")
names = []
for name in NAMES:
    tensors, meta, found = values(name)
    variable = "case" + "".join(c for c in name.title() if c.isalnum())
    names.append(variable)
    print(f"private let {variable} = TheoryCase(")
    mus = [meta["mu_A"], meta["mu_B"]] + ([meta["mu_U"]] if "mu_U" in meta else [])
    print(f'  name: "{name}", mu: [{", ".join(mus)}], position: {meta.get("position_U", 0)},')
    for field, key in [("xA", "X_A"), ("yA", "y_A"), ("xB", "X_B"), ("yB", "y_B"), ("xU", "X_U"), ("yU", "y_U"),
                       ("xTest", "X_test")]:
        data = tensors[key].tolist()
        print(f"  // swift-format-ignore\n  {field}: {data},")
    fields = ["difference", "projected", "sigmaU", "rhoStar", "t0", "log10ToRetrained", "weakLambdaMax"]
    print("  " + ", ".join(f"{f}: {number(v)}" for f, v in zip(fields, found)) + ")\n")
print(f"let theoryCases: [TheoryCase] = [{', '.join(names)}]")
