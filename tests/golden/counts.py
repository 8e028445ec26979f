"""Log likelihoods of zero-inflated negative binomial counts and their gradients, in 60 digits.

python tests/golden/counts.py > tests/golden/counts.tsv   (mpmath 1.3.0)
"""
from mpmath import mp, mpf, loggamma, log, log1p, psi, exp
import struct
mp.dps=60
def f32(v): return struct.unpack('f',struct.pack('f',float(v)))[0]
def sp(v): return log1p(exp(v)) if v<0 else v+log1p(exp(-v))
def sg(v): return 1/(1+exp(-v))
def zinb(x,m,t,p):
    x,m,t,p=map(mpf,(x,m,t,p)); n0=-t*log1p(m/t)
    if x==0:
        w=sg(n0-p)
        return log(sg(p)+sg(-p)*exp(n0)), -w*t/(t+m), w*(m/(t+m)-log1p(m/t)), sg(-p)-w
    return (-sp(p)+n0+x*log(m/(t+m))+loggamma(x+t)-loggamma(t)-loggamma(x+1),
        x/m-(x+t)/(t+m), psi(0,x+t)-psi(0,t)-log1p(m/t)+(m-x)/(t+m), -sg(p))
print("# mpmath 1.3.0, 60 digits: tests/golden/counts.py")
print("x\tm\tt\tp\tvalue\td_m\td_t\td_p")
T=[1e-3,.03,.2,.7,.999,1,1.5,3,7.9,20,150,3e3,1e5,1e6,1e7,1e8]
M=[1e-3,.4,3.3,400,9e3]
X=[0,1,2,5,17,200,10000]
P=[-12.,-1.5,.3,6.]
k=0
for t in T:
  for m in M:
    for x in X:
      p=P[k%4]; k+=1
      # a mean near the count too, where values cancel
      mm=m if k%3 else max(m, x*(1+.01*((k%7)-3)))
      mm,tt=f32(mm),f32(t)
      v=zinb(x,mm,tt,f32(p))
      print("\t".join([repr(x),repr(mm),repr(tt),repr(f32(p))]+[mp.nstr(q,17) for q in v]))
