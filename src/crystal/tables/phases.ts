/**
 * The structures of phases/*.cif, written by scripts/crystal-phases.mjs: change the CIF, not this file.
 * cell: a b c alpha beta gamma; sites: label, scatterer, x, y, z, occupancy, bIso.
 */
export const PHASES = {
  Al: {
    title: "aluminium: cathode current collector",
    source:
      "cell: Wyckoff, Crystal Structures 1 (1963); COD 9008460; B: phonon density of states at 295 K gives 0.78, experiments 0.8 to 0.9",
    cell: [4.04958, 4.04958, 4.04958, 90, 90, 90],
    hall: "-F 4 2 3",
    sites: [["Al1", "Al", 0, 0, 0, 1, 0.8]],
  },
  Al2O3: {
    title: "corundum, NIST SRM 676a",
    source:
      "cell: NIST SRM 676a certificate; coordinates: Lewis, Schwarzenbach & Flack, Acta Cryst. A38 (1982) 733; B: from their U of 0.0028 to 0.0037 A^2",
    cell: [4.759091, 4.759091, 12.991779, 90, 90, 120],
    hall: '-R 3 2"c',
    sites: [
      ["Al1", "Al", 0, 0, 0.35216, 1, 0.24],
      ["O2", "O", 0.30624, 0, 0.25, 1, 0.28],
    ],
  },
  anatase: {
    title: "TiO2, anatase",
    source:
      "cell, z(O): Horn, Schwerdtfeger & Meagher, Z. Kristallogr. 136 (1972) 273 (as remembered; bond lengths checked); B: usual values",
    cell: [3.7842, 3.7842, 9.5146, 90, 90, 90],
    hall: "I 4bw 2bw -1bw",
    sites: [
      ["Ti1", "Ti", 0, 0, 0, 1, 0.4],
      ["O2", "O", 0, 0, 0.2081, 1, 0.5],
    ],
  },
  austenite: {
    title: "austenite of type 304: stainless steel casing",
    source:
      "cell: powder diffraction file 33-0397 (as remembered, not looked up again); other grades 3.58 to 3.60; composition: nominal 304, without Mn and Si; B: assumed, as of other face-centred 3d metals",
    cell: [3.5911, 3.5911, 3.5911, 90, 90, 90],
    hall: "-F 4 2 3",
    sites: [
      ["Fe1", "Fe", 0, 0, 0, 0.71, 0.56],
      ["Cr2", "Cr", 0, 0, 0, 0.19, 0.56],
      ["Ni3", "Ni", 0, 0, 0, 0.1, 0.56],
    ],
  },
  CaF2: {
    title: "fluorite",
    source:
      "cell: Speziale & Duffy, Phys. Chem. Miner. 29 (2002) 465; B: from the measured or computed phonon density of states at 295 K",
    cell: [5.4631, 5.4631, 5.4631, 90, 90, 90],
    hall: "-F 4 2 3",
    sites: [
      ["Ca1", "Ca", 0, 0, 0, 1, 0.58],
      ["F2", "F", 0.25, 0.25, 0.25, 1, 0.77],
    ],
  },
  CeO2: {
    title: "ceria, NIST SRM 674b",
    source:
      "cell: NIST SRM 674b certificate, 5.411651(12); B: from the measured or computed phonon density of states at 295 K",
    cell: [5.411651, 5.411651, 5.411651, 90, 90, 90],
    hall: "-F 4 2 3",
    sites: [
      ["Ce1", "Ce", 0, 0, 0, 1, 0.29],
      ["O2", "O", 0.25, 0.25, 0.25, 1, 0.48],
    ],
  },
  Cu: {
    title: "copper: anode current collector",
    source:
      "cell: Wyckoff, Crystal Structures 1 (1963); COD 9008468; B: from the measured or computed phonon density of states at 295 K (Nicklow et al., Phys. Rev. 164 (1967) 922)",
    cell: [3.61496, 3.61496, 3.61496, 90, 90, 90],
    hall: "-F 4 2 3",
    sites: [["Cu1", "Cu", 0, 0, 0, 1, 0.54]],
  },
  Fe: {
    title: "alpha iron, ferrite: the steel can",
    source:
      "cell: Owen & Yates, Phil. Mag. 15 (1933) 472, 2.8665(2) at 291 K; B: from the measured or computed phonon density of states at 295 K (Minkiewicz et al., Phys. Rev. 162 (1967) 528)",
    cell: [2.8665, 2.8665, 2.8665, 90, 90, 90],
    hall: "-I 4 2 3",
    sites: [["Fe1", "Fe", 0, 0, 0, 1, 0.34]],
  },
  FePO4: {
    title: "FePO4, heterosite: LFP without lithium",
    source:
      "cell, coordinates: Andersson et al., Solid State Ionics 130 (2000) 41 (as remembered; bond lengths checked); B: assumed",
    cell: [9.8142, 5.7893, 4.782, 90, 90, 90],
    hall: "-P 2ac 2n",
    sites: [
      ["Fe1", "Fe", 0.2753, 0.25, 0.9478, 1, 0.5],
      ["P2", "P", 0.094, 0.25, 0.395, 1, 0.5],
      ["O3", "O", 0.1215, 0.25, 0.7088, 1, 0.7],
      ["O4", "O", 0.4385, 0.25, 0.1592, 1, 0.7],
      ["O5", "O", 0.1664, 0.0458, 0.2506, 1, 0.7],
    ],
  },
  graphite: {
    title: "graphite 2H",
    source:
      "cell: Trucano & Chen, Nature 258 (1975) 136; B: mean of their strongly anisotropic U11 = 0.0031 and U33 = 0.0165 A^2",
    cell: [2.464, 2.464, 6.711, 90, 90, 120],
    hall: "-P 6c 2c",
    sites: [
      ["C1", "C", 0, 0, 0.25, 1, 0.6],
      ["C2", "C", 0.3333333333333333, 0.6666666666666666, 0.25, 1, 0.6],
    ],
  },
  LaB6: {
    title: "lanthanum hexaboride, NIST SRM 660c",
    source:
      "cell: NIST SRM 660c certificate, 4.156826(8) at 22.5 C (660a 4.1569162, 660b 4.15689); x(B), B: usual values",
    cell: [4.156826, 4.156826, 4.156826, 90, 90, 90],
    hall: "-P 4 2 3",
    sites: [
      ["La1", "La", 0, 0, 0, 1, 0.5],
      ["B2", "B", 0.1996, 0.5, 0.5, 1, 0.4],
    ],
  },
  LCO: {
    title: "LiCoO2",
    source: "cell, z(O): Johnston, Heikes & Sestrich, J. Phys. Chem. Solids 7 (1958) 1; B: assumed",
    cell: [2.8166, 2.8166, 14.052, 90, 90, 120],
    hall: '-R 3 2"',
    sites: [
      ["Co1", "Co", 0, 0, 0, 1, 0.4],
      ["Li2", "Li", 0, 0, 0.5, 1, 1.2],
      ["O3", "O", 0, 0, 0.26, 1, 0.6],
    ],
  },
  LFP: {
    title: "LiFePO4, triphylite",
    source:
      "cell, coordinates: Streltsov et al., Acta Cryst. B49 (1993) 147 (as remembered; bond lengths checked); B: rounded",
    cell: [10.332, 6.01, 4.692, 90, 90, 90],
    hall: "-P 2ac 2n",
    sites: [
      ["Li1", "Li", 0, 0, 0, 1, 1],
      ["Fe2", "Fe", 0.28222, 0.25, 0.97472, 1, 0.45],
      ["P3", "P", 0.09486, 0.25, 0.4182, 1, 0.4],
      ["O4", "O", 0.09678, 0.25, 0.74279, 1, 0.6],
      ["O5", "O", 0.4571, 0.25, 0.20602, 1, 0.6],
      ["O6", "O", 0.16558, 0.04646, 0.28478, 1, 0.6],
    ],
  },
  Li: {
    title: "lithium metal: plated or as anode",
    source:
      "cell: Wyckoff, Crystal Structures 1 (1963) (as remembered, not looked up again); B: assumed, a Debye temperature of 350 K",
    cell: [3.5093, 3.5093, 3.5093, 90, 90, 90],
    hall: "-I 4 2 3",
    sites: [["Li1", "Li", 0, 0, 0, 1, 4]],
  },
  LiC12: {
    title: "LiC12: stage 2 of lithiated graphite",
    source:
      "cell: Billaud, McRae & Herold, Mater. Res. Bull. 14 (1979) 857; z(C): puts the lithium gallery at 3.706 A, that of LiC6; many files write 1/4, which takes the carbon's part from 00l with l odd; B: assumed",
    cell: [4.288, 4.288, 7.065, 90, 90, 120],
    hall: "-P 6 2",
    sites: [
      ["Li1", "Li", 0, 0, 0, 1, 1.5],
      ["C2", "C", 0.3333333333333333, 0, 0.2623, 1, 0.6],
    ],
  },
  LiC18: {
    title: "LiC18: dilute stage 2 of lithiated graphite, as graphite expanded on average",
    source:
      "cell: assumed from layer spacings of 3.50 to 3.52 A; model: every gallery alike, so only the averaged 00l lines; the order of full and empty galleries is left out; B: assumed",
    cell: [2.473, 2.473, 7.02, 90, 90, 120],
    hall: "-P 6c 2c",
    sites: [
      ["Li1", "Li", 0.3333333333333333, 0.6666666666666666, 0, 0.05555, 2],
      ["C2", "C", 0, 0, 0.25, 1, 0.6],
      ["C3", "C", 0.3333333333333333, 0.6666666666666666, 0.25, 1, 0.6],
    ],
  },
  LiC30: {
    title: "LiC30: stage 3 of lithiated graphite, no order in the lithium layer",
    source:
      "cell, layer spacings of 3.748 and 3.330 A: Billaud & Henry, Solid State Commun. 124 (2002) 299; coordinates: a model made from these spacings (stacking A Li A B); B: assumed",
    cell: [2.4684, 2.4684, 10.408, 90, 90, 120],
    hall: "P -6 2",
    sites: [
      ["Li1", "Li", 0, 0, 0, 0.2, 2],
      ["C2", "C", 0.3333333333333333, 0.6666666666666666, 0.18005, 1, 0.6],
      ["C3", "C", 0.6666666666666666, 0.3333333333333333, 0.18005, 1, 0.6],
      ["C4", "C", 0, 0, 0.5, 1, 0.6],
      ["C5", "C", 0.3333333333333333, 0.6666666666666666, 0.5, 1, 0.6],
    ],
  },
  LiC6: {
    title: "LiC6: stage 1 of lithiated graphite",
    source: "cell: Guerard & Herold, Carbon 13 (1975) 337; B: assumed",
    cell: [4.305, 4.305, 3.706, 90, 90, 120],
    hall: "-P 6 2",
    sites: [
      ["Li1", "Li", 0, 0, 0, 1, 1.5],
      ["C2", "C", 0.3333333333333333, 0, 0.5, 1, 0.6],
    ],
  },
  LMO: {
    title: "LiMn2O4, spinel",
    source:
      "cell: powder diffraction file 35-0782 (as remembered, not looked up again); u(O), B: assumed, usual values",
    cell: [8.2476, 8.2476, 8.2476, 90, 90, 90],
    hall: "-F 4vw 2vw 3",
    sites: [
      ["Li1", "Li", 0.125, 0.125, 0.125, 1, 1],
      ["Mn2", "Mn", 0.5, 0.5, 0.5, 1, 0.5],
      ["O3", "O", 0.263, 0.263, 0.263, 1, 0.8],
    ],
  },
  LNMO: {
    title: "LiNi0.5Mn1.5O4, spinel with disordered metals",
    source: "cell: assumed, usual values (8.165 to 8.178); u(O), B: assumed, as for LMO",
    cell: [8.172, 8.172, 8.172, 90, 90, 90],
    hall: "-F 4vw 2vw 3",
    sites: [
      ["Li1", "Li", 0.125, 0.125, 0.125, 1, 1],
      ["Ni2", "Ni", 0.5, 0.5, 0.5, 0.25, 0.5],
      ["Mn3", "Mn", 0.5, 0.5, 0.5, 0.75, 0.5],
      ["O4", "O", 0.263, 0.263, 0.263, 1, 0.8],
    ],
  },
  LTO: {
    title: "Li4Ti5O12, spinel",
    source:
      "cell: Ohzuku, Ueda & Yamamoto, J. Electrochem. Soc. 142 (1995) 1431 (as remembered, not looked up again); u(O), B: assumed, usual values",
    cell: [8.3595, 8.3595, 8.3595, 90, 90, 90],
    hall: "-F 4vw 2vw 3",
    sites: [
      ["Li1", "Li", 0.125, 0.125, 0.125, 1, 1],
      ["Li2", "Li", 0.5, 0.5, 0.5, 0.16666666666666666, 0.5],
      ["Ti3", "Ti", 0.5, 0.5, 0.5, 0.8333333333333334, 0.5],
      ["O4", "O", 0.2625, 0.2625, 0.2625, 1, 0.8],
    ],
  },
  MgO: {
    title: "periclase",
    source:
      "cell: Sasaki, Fujino & Takeuchi, Proc. Japan Acad. B55 (1979) 43 (as remembered, not looked up again); B: usual values",
    cell: [4.2117, 4.2117, 4.2117, 90, 90, 90],
    hall: "-F 4 2 3",
    sites: [
      ["Mg1", "Mg", 0, 0, 0, 1, 0.32],
      ["O2", "O", 0.5, 0.5, 0.5, 1, 0.35],
    ],
  },
  NCA: {
    title: "LiNi0.80Co0.15Al0.05O2, as made",
    source:
      "cell: assumed, usual values (2.862 to 2.866 and 14.17 to 14.20); z(O): assumed as for NMC532; B: assumed, usual for layered oxides",
    cell: [2.864, 2.864, 14.192, 90, 90, 120],
    hall: '-R 3 2"',
    sites: [
      ["Ni1", "Ni", 0, 0, 0, 0.8, 0.4],
      ["Co2", "Co", 0, 0, 0, 0.15, 0.4],
      ["Al3", "Al", 0, 0, 0, 0.05, 0.4],
      ["Li4", "Li", 0, 0, 0.5, 1, 1.2],
      ["O5", "O", 0, 0, 0.2585, 1, 0.8],
    ],
  },
  Ni: {
    title: "nickel: plating of the can, tabs",
    source:
      "cell: Wyckoff, Crystal Structures 1 (1963); COD 9008476; B: from the measured or computed phonon density of states at 295 K (Kresch et al., Phys. Rev. B 75 (2007) 104301)",
    cell: [3.52387, 3.52387, 3.52387, 90, 90, 90],
    hall: "-F 4 2 3",
    sites: [["Ni1", "Ni", 0, 0, 0, 1, 0.41]],
  },
  NMC111: {
    title: "LiNi1/3Mn1/3Co1/3O2, as made",
    source:
      "cell: assumed, usual values (2.860 to 2.863 and 14.22 to 14.25); z(O): assumed as for NMC532; B: assumed, usual for layered oxides",
    cell: [2.861, 2.861, 14.236, 90, 90, 120],
    hall: '-R 3 2"',
    sites: [
      ["Ni1", "Ni", 0, 0, 0, 0.3333333333333333, 0.4],
      ["Mn2", "Mn", 0, 0, 0, 0.3333333333333333, 0.4],
      ["Co3", "Co", 0, 0, 0, 0.3333333333333333, 0.4],
      ["Li4", "Li", 0, 0, 0.5, 1, 1.2],
      ["O5", "O", 0, 0, 0.2585, 1, 0.8],
    ],
  },
  "NMC532-discharged": {
    title: "NMC532 discharged in a cell, about Li0.86",
    source:
      "cell: Vamvakeros et al., Small Methods (2021) 2100512, discharged at C/20; lithium content: estimated from a (0.081 A per Li: Maerker et al., Chem. Mater. 31 (2019) 2545); z(O): from a metal-oxygen bond of 1.970 - 0.095 (1 - x) A; B: assumed, usual for layered oxides",
    cell: [2.859, 2.859, 14.316, 90, 90, 120],
    hall: '-R 3 2"',
    sites: [
      ["Ni1", "Ni", 0, 0, 0, 0.5, 0.4],
      ["Mn2", "Mn", 0, 0, 0, 0.3, 0.4],
      ["Co3", "Co", 0, 0, 0, 0.2, 0.4],
      ["Li4", "Li", 0, 0, 0.5, 0.86, 1.2],
      ["O5", "O", 0, 0, 0.2599, 1, 0.8],
    ],
  },
  "NMC532-lithiated": {
    title: "LiNi0.5Mn0.3Co0.2O2, as made",
    source:
      "cell: assumed, nominal (2.866 to 2.872 and 14.23 to 14.26); 2 to 4 % exchange of Li and Ni is usual and not included; z(O): gives metal-oxygen bonds of 1.970 A and lithium-oxygen bonds of 2.115 A; B: assumed, usual for layered oxides",
    cell: [2.87, 2.87, 14.25, 90, 90, 120],
    hall: '-R 3 2"',
    sites: [
      ["Ni1", "Ni", 0, 0, 0, 0.5, 0.4],
      ["Mn2", "Mn", 0, 0, 0, 0.3, 0.4],
      ["Co3", "Co", 0, 0, 0, 0.2, 0.4],
      ["Li4", "Li", 0, 0, 0.5, 1, 1.2],
      ["O5", "O", 0, 0, 0.2585, 1, 0.8],
    ],
  },
  NMC532: {
    title: "NMC532 charged to about Li0.41",
    source:
      "cell: Vamvakeros et al., Small Methods (2021) 2100512, charged at C/2; lithium content: estimated from a (0.081 A per Li: Maerker et al., Chem. Mater. 31 (2019) 2545); z(O): from a metal-oxygen bond of 1.970 - 0.095 (1 - x) A; B: assumed, usual for layered oxides",
    cell: [2.822, 2.822, 14.507, 90, 90, 120],
    hall: '-R 3 2"',
    sites: [
      ["Ni1", "Ni", 0, 0, 0, 0.5, 0.4],
      ["Mn2", "Mn", 0, 0, 0, 0.3, 0.4],
      ["Co3", "Co", 0, 0, 0, 0.2, 0.4],
      ["Li4", "Li", 0, 0, 0.5, 0.41, 1.2],
      ["O5", "O", 0, 0, 0.2641, 1, 0.8],
    ],
  },
  NMC622: {
    title: "LiNi0.6Mn0.2Co0.2O2, as made",
    source:
      "cell: assumed, usual values (2.866 to 2.871 and 14.21 to 14.24); z(O): assumed as for NMC532; B: assumed, usual for layered oxides",
    cell: [2.869, 2.869, 14.225, 90, 90, 120],
    hall: '-R 3 2"',
    sites: [
      ["Ni1", "Ni", 0, 0, 0, 0.6, 0.4],
      ["Mn2", "Mn", 0, 0, 0, 0.2, 0.4],
      ["Co3", "Co", 0, 0, 0, 0.2, 0.4],
      ["Li4", "Li", 0, 0, 0.5, 1, 1.2],
      ["O5", "O", 0, 0, 0.2585, 1, 0.8],
    ],
  },
  NMC811: {
    title: "LiNi0.8Mn0.1Co0.1O2, as made",
    source:
      "cell: Maerker et al., Chem. Mater. 31 (2019) 2545; z(O): assumed as for NMC532; B: assumed, usual for layered oxides",
    cell: [2.8704, 2.8704, 14.1918, 90, 90, 120],
    hall: '-R 3 2"',
    sites: [
      ["Ni1", "Ni", 0, 0, 0, 0.8, 0.4],
      ["Mn2", "Mn", 0, 0, 0, 0.1, 0.4],
      ["Co3", "Co", 0, 0, 0, 0.1, 0.4],
      ["Li4", "Li", 0, 0, 0.5, 1, 1.2],
      ["O5", "O", 0, 0, 0.2585, 1, 0.8],
    ],
  },
  rutile: {
    title: "TiO2, rutile",
    source:
      "cell, x(O): Abrahams & Bernstein, J. Chem. Phys. 55 (1971) 3206 (as remembered; bond lengths checked); B: usual values",
    cell: [4.593659, 4.593659, 2.958682, 90, 90, 90],
    hall: "-P 4n 2n",
    sites: [
      ["Ti1", "Ti", 0, 0, 0, 1, 0.42],
      ["O2", "O", 0.30478, 0.30478, 0, 1, 0.55],
    ],
  },
  Si: {
    title: "silicon, NIST SRM 640e",
    source:
      "cell: NIST SRM 640e certificate, 5.431179(8) at 22.5 C (640c 5.4311946, 640d 5.431230); B: from the measured or computed phonon density of states at 295 K",
    cell: [5.431179, 5.431179, 5.431179, 90, 90, 90],
    hall: "-F 4vw 2vw 3",
    sites: [["Si1", "Si", 0.125, 0.125, 0.125, 1, 0.53]],
  },
  Y2O3: {
    title: "yttria, bixbyite type",
    source:
      "cell, coordinates: Paton & Maslen, Acta Cryst. 19 (1965) 307, rounded (as remembered; bond lengths checked); B: usual values",
    cell: [10.604, 10.604, 10.604, 90, 90, 90],
    hall: "-I 2b 2c 3",
    sites: [
      ["Y1", "Y", 0.25, 0.25, 0.25, 1, 0.3],
      ["Y2", "Y", 0.9674, 0, 0.25, 1, 0.3],
      ["O3", "O", 0.391, 0.152, 0.38, 1, 0.4],
    ],
  },
  ZnO: {
    title: "zincite, NIST SRM 674b",
    source:
      "cell: NIST SRM 674b certificate; z(O): Kisi & Elcombe, Acta Cryst. C45 (1989) 1867; B: from the measured or computed phonon density of states at 295 K (0.66 and 0.60)",
    cell: [3.249897, 3.249897, 5.20653, 90, 90, 120],
    hall: "P 6c -2c",
    sites: [
      ["Zn1", "Zn", 0.3333333333333333, 0.6666666666666666, 0, 1, 0.6],
      ["O2", "O", 0.3333333333333333, 0.6666666666666666, 0.3817, 1, 0.6],
    ],
  },
} as const;
