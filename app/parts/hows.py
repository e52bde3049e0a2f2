"""How what the results and compare pages draw is computed, and after whom."""

MATRIX = """
**How.** Each picture is counted once: in the row of its label, in the column of the answer, which is the class with the
highest probability, of grades the median: below and above it lies at most half of the probability each. The deeper the
colour, the larger the share of the row. What lies off the diagonal is a mistake; much of it in one place means two
classes that look alike, or labels that mix them up
([Sokolova & Lapalme 2009](https://doi.org/10.1016/j.ipm.2009.03.002)). Counts have no intervals: those of the shares
are under *Classes*.
"""
OUTCOMES = """
**How.** A class is said where its probability reaches the limit that gave the best F1 on the validation pictures. Each
class is counted by itself: pictures that have it and of which it is said (found), that have it without (missed), and
that have it not and of which it is said (false alarms)
([Sokolova & Lapalme 2009](https://doi.org/10.1016/j.ipm.2009.03.002)).
"""
MISTAKES = """
**How.** Mistakes in the order of how sure the model was of what it said; of several classes, of the one it was most
wrong about; of numbers, how far off. The surest mistakes are where wrong labels gather
([Northcutt et al. 2021](https://arxiv.org/abs/1911.00068)); how many labels look wrong stands on page *Check data*.
"""
CLASSES = """
**How.** Each class against all others ([Sokolova & Lapalme 2009](https://doi.org/10.1016/j.ipm.2009.03.002)). *Found*
(recall, sensitivity), *right* (precision, positive predictive value) and *others left alone* (specificity) are shares,
with Wilson's interval (1927) and the effective number of pictures where several are of one case or group. *F1* joins
the first two; its interval is Wilson's, carried over ([Lam et al. 2023](https://arxiv.org/abs/2309.14621)). *AUROC* is
the chance that, of a picture with the class and one without, the first has the higher probability; *average precision*
says how clean the top of that order is; both take five pictures (cases, groups) with the class and five without, and
their intervals are the delta method's
([DeLong et al. 1988](https://doi.org/10.2307/2531595), [Obuchowski 1997](https://doi.org/10.2307/2533958)).
"""
RELIABILITY = """
**How.** Answers are put into ten bins by how sure the model was; each dot is the share of right ones in a bin, with
Wilson's 95% interval, over their mean sureness (reliability diagram,
[Niculescu-Mizil & Caruana 2005](https://doi.org/10.1145/1102351.1102430)). Its probabilities were made as sure as they
should be before: by one temperature, fitted on the validation pictures, of which a handful moves it little; of a
cross-validation, in each fold by its own ([Guo et al. 2017](https://arxiv.org/abs/1706.04599)).
"""
SCATTER = """
**How.** One point for each picture, with the expert's number from left to right and the model's from below to above. A
cloud that leans away from the line says too little of large numbers or too much of small ones; a point far off is a
mistake, or a wrong label ([Bland & Altman 1986](https://doi.org/10.1016/S0140-6736%2886%2990837-8)).
"""
SCORES = """
**How.** Each training by itself, on the same pictures; how each figure is computed stands on page *Results*, under
*All figures*. Intervals of two trainings that overlap do not mean that there is no difference, for what is hard is hard
for both ([Schenker & Gentleman 2001](https://doi.org/10.1198/000313001317097960)): the sentences above compare picture
by picture.
"""
DIFFERENCE = """
**How.** The two confusion matrices of the same pictures, one taken from the other, cell by cell. Only the pictures on
which the two differ show here; whether they are more than chance is what the sentences above say
([McNemar 1947](https://doi.org/10.1007/BF02295996)).
"""
